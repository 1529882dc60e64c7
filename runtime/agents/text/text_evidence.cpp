#include "runtime/agents/text/text_evidence.hpp"

#include "runtime/agents/text/passages.hpp"
#include "runtime/agents/text/term_pattern.hpp"
#include "runtime/agents/text/text_input.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace troupe::text {

namespace {

/// How clearly one side must outweigh the other.
constexpr double clear_balance = 0.3;
/// Words before a term in which a denial refers to it.
constexpr size_t denial_reach = 4;

struct question {
  std::string claim;
  std::vector<term> about;
  std::vector<term_group> supports;
  std::vector<term_group> opposes;
  size_t window = 25;
};

struct finding {
  passage where;
  double weight;
  bool supports;
};

// A text with its words, and which of them make up each of its parts.
struct prepared {
  const std::string& text;
  std::vector<word> words;

  struct part {
    passage where;
    size_t first;
    size_t last;
  };

  std::vector<part> parts(const std::vector<passage>& passages) const {
    std::vector<part> out;
    size_t i = 0;
    for (const auto& x : passages) {
      while (i < words.size() && words[i].begin < x.begin)
        ++i;
      const auto first = i;
      while (i < words.size() && words[i].begin < x.end)
        ++i;
      out.push_back({x, first, i});
    }
    return out;
  }
};

// Calls `look` for every group of both sides.
template <class Look>
void for_each_group(const question& asked, Look look) {
  for (const auto& x : asked.supports)
    look(x, true);
  for (const auto& x : asked.opposes)
    look(x, false);
}

std::vector<finding> by_terms(const prepared& text, const question& asked) {
  std::vector<finding> out;
  for (const auto& part : text.parts(paragraphs_of(text.text))) {
    for_each_group(asked, [&](const term_group& group, bool supports) {
      const bool all = std::all_of(group.begin(), group.end(), [&](const term& x) {
        return !x.positions(text.words, part.first, part.last).empty();
      });
      if (all)
        out.push_back({part.where, 1.0, supports});
    });
  }
  return out;
}

std::vector<finding> by_proximity(const prepared& text, const question& asked) {
  std::vector<finding> out;
  for_each_group(asked, [&](const term_group& group, bool supports) {
    size_t least = 0;
    for (const auto& x : group)
      least += x.words();
    for (const auto& x : windows_of(group, text.words, 0, text.words.size(), asked.window)) {
      const auto spread = static_cast<double>(x.width() - std::min(x.width(), least));
      const passage where{text.words[x.first].begin, text.words[x.last].end};
      out.push_back({where, 1.0 - spread / static_cast<double>(asked.window), supports});
    }
  });
  return out;
}

template <size_t N>
bool one_of(const std::string& stem, const std::array<std::string_view, N>& list) {
  return std::find(list.begin(), list.end(), stem) != list.end();
}

// A denial shortly before one of the terms that is itself none of them ("no warranty" denies nothing when "no" was
// asked for), nor part of "without limitation".
bool is_denied(const prepared& text, const term_group& group, const window& found, size_t from) {
  static constexpr std::array<std::string_view, 8> denials{"not",     "no",      "nor",    "never",
                                                           "neither", "without", "cannot", "nothing"};
  auto is_denial = [&](size_t i) {
    const auto& stem = text.words[i].stem;
    const bool own = std::any_of(group.begin(), group.end(), [&](const term& x) {
      return std::find(x.stems().begin(), x.stems().end(), stem) != x.stems().end();
    });
    const bool idiom = i + 1 < text.words.size() && text.words[i + 1].stem == "limitation";
    return !own && !idiom && one_of(stem, denials);
  };
  for (const auto& x : group)
    for (const auto position : x.positions(text.words, found.first, found.last + 1))
      for (auto i = std::max(from, position - std::min(position, denial_reach)); i < position; ++i)
        if (is_denial(i))
          return true;
  return false;
}

bool is_operative(const prepared& text, const prepared::part& part) {
  static constexpr std::array<std::string_view, 11> operative{"shall", "must",  "may",  "hereby", "require",  "requir",
                                                              "grant", "agree", "agre", "provid", "condition"};
  for (auto i = part.first; i < part.last; ++i)
    if (one_of(text.words[i].stem, operative))
      return true;
  return false;
}

std::vector<finding> by_sentences(const prepared& text, const question& asked) {
  std::vector<finding> out;
  for (const auto& part : text.parts(sentences_of(text.text))) {
    for_each_group(asked, [&](const term_group& group, bool supports) {
      const auto found = windows_of(group, text.words, part.first, part.last, part.last - part.first);
      if (found.empty())
        return;
      const auto& narrowest =
          *std::min_element(found.begin(), found.end(), [](auto& a, auto& b) { return a.width() < b.width(); });
      const bool denied = is_denied(text, group, narrowest, part.first);
      out.push_back({part.where, is_operative(text, part) ? 1.0 : 0.5, supports != denied});
    });
  }
  return out;
}

result<std::vector<term_group>> groups(const json& input, const char* member) {
  std::vector<term_group> out;
  auto list = input.find(member);
  if (list == input.end() || list->is_null())
    return out;
  const auto refuse = [&] {
    return fail(v1::ERROR_CODE_INVALID_INPUT,
                std::string{member} + ": expected a list of lists of terms, such as [[\"grant\", \"patent license\"]]");
  };
  if (!list->is_array())
    return refuse();
  for (const auto& x : *list) {
    term_group group;
    for (const auto& entry : x.is_array() ? x : json::array({x})) {
      if (!entry.is_string())
        return refuse();
      group.emplace_back(entry.get_ref<const std::string&>());
      if (group.back().empty())
        return refuse();
    }
    if (group.empty())
      return refuse();
    out.push_back(std::move(group));
  }
  return out;
}

result<question> question_of(const json& input) {
  question out;
  auto claim = required_text(input, "claim");
  if (!claim)
    return tl::unexpected{claim.error()};
  out.claim = std::move(*claim);
  auto window = optional_integer(input, "window", 25, 5, 200);
  if (!window)
    return tl::unexpected{window.error()};
  out.window = static_cast<size_t>(*window);
  auto about = optional_texts(input, "about");
  if (!about)
    return tl::unexpected{about.error()};
  for (const auto& x : *about)
    out.about.emplace_back(x);
  auto supports = groups(input, "supports");
  if (!supports)
    return tl::unexpected{supports.error()};
  out.supports = std::move(*supports);
  auto opposes = groups(input, "opposes");
  if (!opposes)
    return tl::unexpected{opposes.error()};
  out.opposes = std::move(*opposes);
  if (out.supports.empty()) {
    term_group words;
    for (const auto& x : words_of(out.claim))
      if (const auto written = std::string_view{out.claim}.substr(x.begin, x.end - x.begin);
          !is_stop_word(lower_case(written)))
        words.emplace_back(written);
    if (words.empty())
      return fail(v1::ERROR_CODE_INVALID_INPUT, "claim: expected words that say something, or `supports`");
    out.supports.push_back(std::move(words));
  }
  if (out.about.empty())
    for (const auto& group : out.supports)
      out.about.insert(out.about.end(), group.begin(), group.end());
  return out;
}

struct judgement {
  std::string verdict;
  double confidence;
  std::string why;
};

// Many weak findings approach certainty and never reach it.
double saturated(double weight) {
  return weight / (weight + 1);
}

judgement judge(double support, double oppose, size_t mentions) {
  if (support + oppose <= 0) {
    if (mentions == 0)
      return {"no", 0.9, "the text never mentions what the claim is about"};
    return {"unclear", 0.4,
            "the text mentions it " + std::to_string(mentions) + " times, but nothing speaks for or against the claim"};
  }
  const auto balance = (support - oppose) / (support + oppose);
  const auto weight = saturated(std::max(support, oppose));
  if (std::abs(balance) < clear_balance)
    return {"unclear", 0.4, "passages speak both for and against the claim"};
  return {balance > 0 ? "yes" : "no", rounded(0.5 + 0.5 * weight * std::abs(balance)),
          balance > 0 ? "passages speak for the claim" : "passages speak against the claim"};
}

// The whole sentences around a place, so that a quotation can be understood.
passage widened(const passage& x, const std::vector<passage>& sentences) {
  passage out = x;
  for (const auto& s : sentences)
    if (s.end > x.begin && s.begin < x.end)
      out = {std::min(out.begin, s.begin), std::max(out.end, s.end)};
  return out;
}

json quoted(const document& source, std::vector<finding> findings, const question& asked, const prepared& text,
            size_t limit) {
  const line_index lines{source.text};
  const auto sentences = sentences_of(source.text);
  std::stable_sort(findings.begin(), findings.end(), [](const auto& a, const auto& b) { return a.weight > b.weight; });
  auto out = json::array();
  std::vector<size_t> told;
  auto tell = [&](const passage& where, const char* side, double score) {
    if (out.size() >= limit || std::find(told.begin(), told.end(), where.begin) != told.end())
      return;
    told.push_back(where.begin);
    auto quote = quotation(source.text, lines, where);
    quote["side"] = side;
    quote["score"] = rounded(score);
    out.push_back(std::move(quote));
  };
  for (const auto& x : findings)
    tell(widened(x.where, sentences), x.supports ? "supports" : "opposes", x.weight);
  if (findings.empty())
    for (const auto& part : text.parts(sentences))
      if (std::any_of(asked.about.begin(), asked.about.end(),
                      [&](const term& x) { return !x.positions(text.words, part.first, part.last).empty(); }))
        tell(part.where, "mentions", 0);
  return out;
}

} // namespace

result<json> evidence(const json& input) {
  const auto source = document_of(input);
  if (!source)
    return tl::unexpected{source.error()};
  const auto asked = question_of(input);
  if (!asked)
    return tl::unexpected{asked.error()};
  const auto method = optional_text(input, "method", "sentences");
  if (!method)
    return tl::unexpected{method.error()};
  const auto quotes = optional_integer(input, "quotes", 3, 0, 20);
  if (!quotes)
    return tl::unexpected{quotes.error()};

  const prepared text{source->text, words_of(source->text)};
  std::vector<finding> findings;
  if (*method == "terms")
    findings = by_terms(text, *asked);
  else if (*method == "proximity")
    findings = by_proximity(text, *asked);
  else if (*method == "sentences")
    findings = by_sentences(text, *asked);
  else
    return fail(v1::ERROR_CODE_INVALID_INPUT,
                "method: expected \"terms\", \"proximity\" or \"sentences\", found \"" + *method + "\"");

  double support = 0;
  double oppose = 0;
  for (const auto& x : findings)
    (x.supports ? support : oppose) += x.weight;
  size_t mentions = 0;
  for (const auto& x : asked->about)
    mentions += x.positions(text.words, 0, text.words.size()).size();
  const auto judged = judge(support, oppose, mentions);
  return json{{"document", source->name},
              {"claim", asked->claim},
              {"method", *method},
              {"verdict", judged.verdict},
              {"confidence", judged.confidence},
              {"support", rounded(support)},
              {"oppose", rounded(oppose)},
              {"mentions", mentions},
              {"why", judged.why},
              {"evidence", quoted(*source, std::move(findings), *asked, text, static_cast<size_t>(*quotes))}};
}

} // namespace troupe::text
