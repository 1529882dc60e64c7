#include "runtime/agents/text/words.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace troupe::text {

namespace {

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

bool is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || is_upper(c) || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

bool is_vowel(char c) {
  return std::string_view{"aeiouy"}.find(c) != std::string_view::npos;
}

bool has_vowel(std::string_view x) {
  return std::any_of(x.begin(), x.end(), is_vowel);
}

// "distributed" -> "distribut": what is left after -ed or -ing, without the doubled consonant of "permitted".
std::string without_ending(std::string_view word, size_t ending) {
  auto base = word.substr(0, word.size() - ending);
  if (base.size() > 3 && base.back() == base[base.size() - 2] && !is_vowel(base.back()) && base.back() != 's'
      && base.back() != 'l')
    base.remove_suffix(1);
  return std::string{base};
}

std::string singular(std::string_view word) {
  if (word.size() > 4 && word.ends_with("ies"))
    return std::string{word.substr(0, word.size() - 3)} + "y";
  if (word.size() > 4
      && (word.ends_with("sses") || word.ends_with("xes") || word.ends_with("ches") || word.ends_with("shes")))
    return std::string{word.substr(0, word.size() - 2)};
  if (word.size() > 3 && word.back() == 's' && !word.ends_with("ss") && !word.ends_with("us") && !word.ends_with("is"))
    return std::string{word.substr(0, word.size() - 1)};
  return std::string{word};
}

} // namespace

std::string lower_case(std::string_view text) {
  std::string out{text};
  for (char& c : out)
    if (is_upper(c))
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string stem(std::string_view word) {
  auto out = singular(word);
  if (out.size() > 5 && out.ends_with("ing") && has_vowel(std::string_view{out}.substr(0, out.size() - 3)))
    out = without_ending(out, 3);
  else if (out.size() > 4 && out.ends_with("ed") && has_vowel(std::string_view{out}.substr(0, out.size() - 2)))
    out = without_ending(out, 2);
  if (out.size() > 3 && out.back() == 'i')
    out.back() = 'y';
  // "license", "licence", "licens(ed)"; "derive", "deriv(ed)".
  if (out.size() > 3 && out.back() == 'e')
    out.pop_back();
  if (out.starts_with("licenc"))
    out[5] = 's';
  return out;
}

std::vector<word> words_of(std::string_view text) {
  std::vector<word> out;
  for (size_t i = 0; i < text.size();) {
    if (!is_word_byte(text[i])) {
      ++i;
      continue;
    }
    const auto begin = i;
    while (i < text.size()
           && (is_word_byte(text[i]) || (text[i] == '\'' && i + 1 < text.size() && is_word_byte(text[i + 1]))))
      ++i;
    auto word = text.substr(begin, i - begin);
    if (word.size() > 2 && (word.ends_with("'s") || word.ends_with("'S")))
      word.remove_suffix(2);
    out.push_back({stem(lower_case(word)), begin, i});
  }
  return out;
}

std::vector<std::string> stems_of(std::string_view phrase) {
  std::vector<std::string> out;
  for (auto& x : words_of(phrase))
    out.push_back(std::move(x.stem));
  return out;
}

bool is_stop_word(std::string_view word) {
  static const std::set<std::string, std::less<>> all = [] {
    constexpr std::array words{
        "a",       "about", "above",  "after",   "again",  "against", "all",  "also",   "am",      "an",      "and",
        "any",     "are",   "as",     "at",      "be",     "because", "been", "before", "being",   "below",   "between",
        "both",    "but",   "by",     "can",     "cannot", "could",   "did",  "do",     "does",    "doing",   "down",
        "during",  "each",  "either", "else",    "even",   "every",   "few",  "for",    "from",    "further", "had",
        "has",     "have",  "having", "he",      "her",    "here",    "hers", "him",    "his",     "how",     "however",
        "i",       "if",    "in",     "into",    "is",     "it",      "its",  "itself", "just",    "may",     "me",
        "might",   "more",  "most",   "must",    "my",     "no",      "nor",  "not",    "now",     "of",      "off",
        "on",      "once",  "one",    "only",    "or",     "other",   "our",  "out",    "over",    "own",     "per",
        "same",    "shall", "she",    "should",  "so",     "some",    "such", "than",   "that",    "the",     "their",
        "them",    "then",  "there",  "thereof", "these",  "they",    "this", "those",  "through", "to",      "too",
        "under",   "until", "up",     "upon",    "very",   "was",     "we",   "were",   "what",    "when",    "where",
        "whether", "which", "while",  "who",     "whom",   "whose",   "why",  "will",   "with",    "within",  "without",
        "would",   "you",   "your",   "yours"};
    std::set<std::string, std::less<>> made;
    for (const auto* x : words) {
      made.insert(x);
      made.insert(stem(x));
    }
    return made;
  }();
  return all.find(word) != all.end();
}

} // namespace troupe::text
