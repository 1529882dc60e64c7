#include "runtime/agents/text/text_keywords.hpp"

#include "runtime/agents/text/passages.hpp"
#include "runtime/agents/text/text_input.hpp"
#include "runtime/agents/text/words.hpp"

#include <algorithm>
#include <map>

namespace troupe::text {

namespace {

struct candidate {
  /// As first written, in lower case.
  std::string phrase;
  std::vector<std::string> stems;
  double count = 0;
  size_t document = 0;
  size_t offset = 0;
  double score = 0;
};

class collector {
public:
  explicit collector(size_t longest) : longest_{longest} {}

  void read(const document& source, size_t number) {
    std::vector<word> run;
    size_t last_end = 0;
    for (const auto& x : words_of(source.text)) {
      const std::string_view written{source.text.data() + x.begin, x.end - x.begin};
      const auto between = std::string_view{source.text}.substr(last_end, x.begin - last_end);
      // A line end may stand inside of a phrase, anything but white space and hyphens not.
      const bool broken = between.find_first_not_of(" \t\r\n-") != std::string_view::npos
                          || between.find("\n\n") != std::string_view::npos;
      if (broken)
        finish(run, source, number);
      last_end = x.end;
      const bool number_only = written.find_first_not_of("0123456789") == std::string_view::npos;
      if (is_stop_word(lower_case(written)) || number_only || written.size() < 2)
        finish(run, source, number);
      else
        run.push_back(x);
    }
    finish(run, source, number);
  }

  std::vector<candidate> ranked() {
    std::vector<candidate> out;
    for (auto& [key, x] : candidates_) {
      for (const auto& stem : x.stems)
        x.score += degree_[stem] / frequency_[stem];
      x.score *= x.count;
      out.push_back(std::move(x));
    }
    const bool repeated = std::any_of(out.begin(), out.end(), [](const auto& x) { return x.count > 1; });
    if (repeated)
      std::erase_if(out, [](const auto& x) { return x.count < 2; });
    std::stable_sort(out.begin(), out.end(), [](const auto& x, const auto& y) { return x.score > y.score; });
    return out;
  }

private:
  void finish(std::vector<word>& run, const document& source, size_t number) {
    if (!run.empty() && run.size() <= longest_) {
      std::string key;
      for (const auto& x : run) {
        key += x.stem + ' ';
        frequency_[x.stem] += 1;
        degree_[x.stem] += static_cast<double>(run.size());
      }
      auto& mine = candidates_[key];
      if (mine.count == 0) {
        const std::string_view text = source.text;
        mine.phrase = lower_case(collapsed(text.substr(run.front().begin, run.back().end - run.front().begin)));
        for (const auto& x : run)
          mine.stems.push_back(x.stem);
        mine.document = number;
        mine.offset = run.front().begin;
      }
      mine.count += 1;
    }
    run.clear();
  }

  size_t longest_;
  std::map<std::string, candidate> candidates_;
  std::map<std::string, double> frequency_;
  std::map<std::string, double> degree_;
};

} // namespace

result<json> keywords(const json& input) {
  const auto documents = documents_of(input);
  if (!documents)
    return tl::unexpected{documents.error()};
  const auto limit = optional_integer(input, "limit", 15, 1, 200);
  if (!limit)
    return tl::unexpected{limit.error()};
  const auto longest = optional_integer(input, "words", 3, 1, 6);
  if (!longest)
    return tl::unexpected{longest.error()};
  collector all{static_cast<size_t>(*longest)};
  std::vector<line_index> lines;
  for (size_t i = 0; i < documents->size(); ++i) {
    all.read((*documents)[i], i);
    lines.emplace_back((*documents)[i].text);
  }
  auto out = json::array();
  for (const auto& x : all.ranked()) {
    if (out.size() == static_cast<size_t>(*limit))
      break;
    out.push_back({{"phrase", x.phrase},
                   {"score", rounded(x.score)},
                   {"count", static_cast<int64_t>(x.count)},
                   {"document", (*documents)[x.document].name},
                   {"line", lines[x.document].at(x.offset).line}});
  }
  return json{{"keywords", std::move(out)}};
}

} // namespace troupe::text
