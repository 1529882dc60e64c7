#include "runtime/agents/text/text_summary.hpp"

#include "runtime/agents/text/passages.hpp"
#include "runtime/agents/text/text_input.hpp"
#include "runtime/agents/text/words.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace troupe::text {

namespace {

constexpr size_t shortest_sentence = 4;
constexpr size_t longest_sentence = 80;
constexpr double first_sentence_bonus = 1.2;
constexpr double told_weight = 0.5;
constexpr double focus_weight = 5.0;

struct entry {
  passage where;
  std::vector<std::string> stems;
  double score = 0;
};

std::vector<entry> entries_of(const document& source) {
  std::vector<entry> out;
  for (const auto& x : sentences_of(source.text)) {
    entry next{x, {}, 0};
    size_t words = 0;
    for (auto& w : words_of(x.in(source.text))) {
      ++words;
      if (!is_stop_word(w.stem))
        next.stems.push_back(std::move(w.stem));
    }
    if (words >= shortest_sentence && words <= longest_sentence && !next.stems.empty())
      out.push_back(std::move(next));
  }
  return out;
}

std::map<std::string, double> shares_of(const std::vector<entry>& entries, const std::vector<std::string>& focus) {
  std::map<std::string, double> out;
  double total = 0;
  for (const auto& x : entries)
    for (const auto& stem : x.stems) {
      out[stem] += 1;
      total += 1;
    }
  for (auto& [stem, share] : out) {
    share /= total;
    if (std::find(focus.begin(), focus.end(), stem) != focus.end())
      share *= focus_weight;
  }
  return out;
}

double mean_share(const entry& x, const std::map<std::string, double>& shares) {
  double sum = 0;
  for (const auto& stem : x.stems)
    sum += shares.at(stem);
  return sum / static_cast<double>(x.stems.size());
}

} // namespace

result<json> summary(const json& input) {
  const auto source = document_of(input);
  if (!source)
    return tl::unexpected{source.error()};
  const auto wanted = optional_integer(input, "sentences", 5, 1, 50);
  if (!wanted)
    return tl::unexpected{wanted.error()};
  const auto focus = optional_text(input, "focus", {});
  if (!focus)
    return tl::unexpected{focus.error()};

  const auto all = sentences_of(source->text).size();
  auto entries = entries_of(*source);
  auto shares = shares_of(entries, stems_of(*focus));
  std::vector<entry> chosen;
  while (chosen.size() < static_cast<size_t>(*wanted) && !entries.empty()) {
    auto best = entries.begin();
    for (auto i = entries.begin(); i != entries.end(); ++i) {
      i->score = mean_share(*i, shares) * (i == entries.begin() && chosen.empty() ? first_sentence_bonus : 1.0);
      if (i->score > best->score)
        best = i;
    }
    for (const auto& stem : std::set(best->stems.begin(), best->stems.end()))
      shares[stem] *= told_weight;
    chosen.push_back(std::move(*best));
    entries.erase(best);
  }
  std::sort(chosen.begin(), chosen.end(), [](const auto& x, const auto& y) { return x.where.begin < y.where.begin; });

  const line_index lines{source->text};
  std::string text;
  auto sentences = json::array();
  for (const auto& x : chosen) {
    auto quote = quotation(source->text, lines, x.where);
    text += (text.empty() ? "" : " ") + quote["quote"].get<std::string>();
    quote["score"] = rounded(x.score);
    sentences.push_back(std::move(quote));
  }
  return json{
      {"document", source->name}, {"summary", std::move(text)}, {"sentences", std::move(sentences)}, {"of", all}};
}

} // namespace troupe::text
