#include "runtime/agents/text/text_score.hpp"

#include "runtime/agents/text/passages.hpp"
#include "runtime/agents/text/text_input.hpp"
#include "runtime/agents/text/words.hpp"

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

namespace troupe::text {

namespace {

struct part {
  std::string name;
  double score;
  double weight;
  json details;
};

// Groups of vowels, a silent e at the end left out: close enough for an average over a text.
size_t syllables(std::string_view word) {
  auto is_vowel = [](char c) { return std::string_view{"aeiouy"}.find(c) != std::string_view::npos; };
  size_t count = 0;
  for (size_t i = 0; i < word.size(); ++i)
    count += is_vowel(word[i]) && (i == 0 || !is_vowel(word[i - 1])) ? 1 : 0;
  if (count > 1 && word.ends_with('e') && !word.ends_with("le"))
    --count;
  return std::max<size_t>(count, 1);
}

part readability(const document& source, const std::vector<word>& words) {
  const auto sentences = std::max<size_t>(sentences_of(source.text).size(), 1);
  if (words.empty())
    return {"readability", 0, 0.5, {{"flesch", 0}, {"words_per_sentence", 0}}};
  size_t sounds = 0;
  for (const auto& x : words)
    sounds += syllables(lower_case(std::string_view{source.text}.substr(x.begin, x.end - x.begin)));
  const auto count = static_cast<double>(words.size());
  const auto per_sentence = count / static_cast<double>(sentences);
  const auto flesch = 206.835 - 1.015 * per_sentence - 84.6 * static_cast<double>(sounds) / count;
  return {"readability",
          std::clamp(flesch / 100, 0.0, 1.0),
          0.5,
          {{"flesch", rounded(flesch)}, {"words_per_sentence", rounded(per_sentence)}}};
}

bool occurs(const std::vector<std::string>& phrase, const std::vector<word>& words) {
  auto same = [](const word& x, const std::string& stem) { return x.stem == stem; };
  return !phrase.empty() && std::search(words.begin(), words.end(), phrase.begin(), phrase.end(), same) != words.end();
}

part coverage(const std::vector<word>& words, const std::vector<std::string>& keywords) {
  auto found = json::array();
  auto missing = json::array();
  for (const auto& x : keywords)
    (occurs(stems_of(x), words) ? found : missing).push_back(x);
  const auto share = static_cast<double>(found.size()) / static_cast<double>(keywords.size());
  return {"coverage", share, 1, {{"found", std::move(found)}, {"missing", std::move(missing)}}};
}

std::set<std::pair<std::string, std::string>> pairs_of(const std::vector<word>& words) {
  std::set<std::pair<std::string, std::string>> out;
  const std::string* last = nullptr;
  for (const auto& x : words) {
    if (is_stop_word(x.stem))
      continue;
    if (last)
      out.emplace(*last, x.stem);
    last = &x.stem;
  }
  return out;
}

part overlap(const std::vector<word>& words, const std::string& reference) {
  const auto mine = pairs_of(words);
  const auto theirs = pairs_of(words_of(reference));
  const auto shared = std::count_if(mine.begin(), mine.end(), [&](const auto& x) { return theirs.count(x) > 0; });
  const auto share = mine.empty() ? 0.0 : static_cast<double>(shared) / static_cast<double>(mine.size());
  return {"overlap", share, 1, {{"pairs", mine.size()}}};
}

part length(size_t words, double low, double high) {
  const auto count = static_cast<double>(words);
  const auto value = count < low ? count / low : count > high ? std::max(0.0, 2 - count / high) : 1.0;
  return {"length", value, 1, {{"words", words}}};
}

std::string percent(double x) {
  return std::to_string(static_cast<int>(x * 100 + 0.5)) + " %";
}

} // namespace

result<json> score(const json& input) {
  const auto source = document_of(input);
  if (!source)
    return tl::unexpected{source.error()};
  const auto expected = optional_texts(input, "keywords");
  if (!expected)
    return tl::unexpected{expected.error()};
  const auto reference = optional_text(input, "reference", {});
  if (!reference)
    return tl::unexpected{reference.error()};
  const auto low = optional_integer(input, "min_words", 0, 0, 1'000'000);
  if (!low)
    return tl::unexpected{low.error()};
  const auto high = optional_integer(input, "max_words", 1'000'000'000, 1, 1'000'000'000);
  if (!high)
    return tl::unexpected{high.error()};

  const auto words = words_of(source->text);
  std::vector<part> parts{readability(*source, words)};
  if (!expected->empty())
    parts.push_back(coverage(words, *expected));
  if (!reference->empty())
    parts.push_back(overlap(words, *reference));
  if (input.contains("min_words") || input.contains("max_words"))
    parts.push_back(length(words.size(), static_cast<double>(*low), static_cast<double>(*high)));

  double sum = 0;
  double weight = 0;
  std::string explanation;
  auto details = json::object();
  for (auto& x : parts) {
    sum += x.score * x.weight;
    weight += x.weight;
    explanation += (explanation.empty() ? "" : ", ") + x.name + " " + percent(x.score);
    x.details["score"] = rounded(x.score);
    details[x.name] = std::move(x.details);
  }
  return json{{"score", rounded(words.empty() ? 0 : sum / weight)},
              {"parts", std::move(details)},
              {"explanation", std::move(explanation)}};
}

} // namespace troupe::text
