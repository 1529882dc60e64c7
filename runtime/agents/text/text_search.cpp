#include "runtime/agents/text/text_search.hpp"

#include "runtime/agents/text/passages.hpp"
#include "runtime/agents/text/text_input.hpp"
#include "runtime/agents/text/words.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace troupe::text {

namespace {

constexpr double k1 = 1.2;
constexpr double b = 0.75;

struct unit {
  size_t document;
  /// Position among the sentences of its document.
  size_t sentence;
  double words;
  /// How often each term occurs.
  std::vector<uint32_t> counts;
  double score = 0;
};

struct prepared_document {
  const document& source;
  line_index lines;
  std::vector<passage> sentences;
};

std::vector<std::string> terms_of(std::string_view query) {
  auto stems = stems_of(query);
  std::vector<std::string> out;
  for (const bool keep_stop_words : {false, true}) {
    for (auto& x : stems)
      if ((keep_stop_words || !is_stop_word(x)) && std::find(out.begin(), out.end(), x) == out.end())
        out.push_back(x);
    if (!out.empty())
      break;
  }
  return out;
}

std::vector<unit> units_of(const std::vector<prepared_document>& documents, const std::vector<std::string>& terms) {
  std::vector<unit> out;
  for (size_t d = 0; d < documents.size(); ++d) {
    for (size_t s = 0; s < documents[d].sentences.size(); ++s) {
      unit next{d, s, 0, std::vector<uint32_t>(terms.size(), 0)};
      for (const auto& word : words_of(documents[d].sentences[s].in(documents[d].source.text))) {
        ++next.words;
        for (size_t t = 0; t < terms.size(); ++t)
          next.counts[t] += word.stem == terms[t] ? 1 : 0;
      }
      out.push_back(std::move(next));
    }
  }
  return out;
}

void rank(std::vector<unit>& units, size_t terms) {
  double words = 0;
  std::vector<double> containing(terms, 0);
  for (const auto& x : units) {
    words += x.words;
    for (size_t t = 0; t < terms; ++t)
      containing[t] += x.counts[t] > 0 ? 1 : 0;
  }
  const auto count = static_cast<double>(units.size());
  const auto average = std::max(words / std::max(count, 1.0), 1.0);
  for (auto& x : units) {
    for (size_t t = 0; t < terms; ++t) {
      const double frequency = x.counts[t];
      const auto rarity = std::log(1 + (count - containing[t] + 0.5) / (containing[t] + 0.5));
      x.score += rarity * frequency * (k1 + 1) / (frequency + k1 * (1 - b + b * x.words / average));
    }
  }
  std::erase_if(units, [](const unit& x) { return x.score <= 0; });
  std::stable_sort(units.begin(), units.end(), [](const unit& x, const unit& y) { return x.score > y.score; });
}

} // namespace

result<json> search(const json& input) {
  const auto documents = documents_of(input);
  if (!documents)
    return tl::unexpected{documents.error()};
  const auto query = required_text(input, "query");
  if (!query)
    return tl::unexpected{query.error()};
  const auto limit = optional_integer(input, "limit", 10, 1, 100);
  if (!limit)
    return tl::unexpected{limit.error()};
  const auto context = optional_integer(input, "context", 0, 0, 5);
  if (!context)
    return tl::unexpected{context.error()};
  const auto terms = terms_of(*query);
  if (terms.empty())
    return fail(v1::ERROR_CODE_INVALID_INPUT, "query: expected at least one word");

  std::vector<prepared_document> prepared;
  for (const auto& x : *documents)
    prepared.push_back({x, line_index{x.text}, sentences_of(x.text)});
  auto units = units_of(prepared, terms);
  const auto sentences = units.size();
  rank(units, terms.size());
  if (units.size() > static_cast<size_t>(*limit))
    units.resize(static_cast<size_t>(*limit));

  auto hits = json::array();
  for (const auto& x : units) {
    const auto& from = prepared[x.document];
    const auto around = static_cast<size_t>(*context);
    const auto first = x.sentence - std::min(x.sentence, around);
    const auto last = std::min(x.sentence + around, from.sentences.size() - 1);
    auto hit = quotation(from.source.text, from.lines, from.sentences[x.sentence]);
    hit["document"] = from.source.name;
    hit["score"] = rounded(x.score);
    hit["context"] = collapsed(passage{from.sentences[first].begin, from.sentences[last].end}.in(from.source.text));
    hits.push_back(std::move(hit));
  }
  return json{{"query", *query},
              {"terms", terms},
              {"documents", documents->size()},
              {"sentences", sentences},
              {"hits", std::move(hits)}};
}

} // namespace troupe::text
