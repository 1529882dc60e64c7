#include "runtime/agents/text/term_pattern.hpp"

#include <algorithm>

namespace troupe::text {

term::term(std::string_view text) : prefix_{text.ends_with('*')} {
  if (!prefix_) {
    stems_ = stems_of(text);
    return;
  }
  for (const auto& x : words_of(text))
    stems_.push_back(lower_case(text.substr(x.begin, x.end - x.begin)));
  for (size_t i = 0; i + 1 < stems_.size(); ++i)
    stems_[i] = stem(stems_[i]);
  // Stems have no final e: "waive*" is to find "waived" and "waiver".
  if (!stems_.empty() && stems_.back().size() > 3 && stems_.back().ends_with('e'))
    stems_.back().pop_back();
}

bool term::at(const std::vector<word>& words, size_t position) const {
  if (stems_.empty() || position + stems_.size() > words.size())
    return false;
  for (size_t i = 0; i < stems_.size(); ++i) {
    const auto& found = words[position + i].stem;
    const bool last = i + 1 == stems_.size();
    if (last && prefix_ ? !found.starts_with(stems_[i]) : found != stems_[i])
      return false;
  }
  return true;
}

std::vector<size_t> term::positions(const std::vector<word>& words, size_t from, size_t to) const {
  std::vector<size_t> out;
  for (auto i = from; i + stems_.size() <= std::min(to, words.size()); ++i)
    if (at(words, i))
      out.push_back(i);
  return out;
}

std::vector<window> windows_of(const term_group& group, const std::vector<word>& words, size_t from, size_t to,
                               size_t limit) {
  struct occurrence {
    size_t first;
    size_t last;
    size_t term;
  };
  std::vector<occurrence> all;
  for (size_t t = 0; t < group.size(); ++t)
    for (const auto position : group[t].positions(words, from, to))
      all.push_back({position, position + group[t].words() - 1, t});
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });

  // Two hands: `left` follows as long as all terms stay between them.
  std::vector<window> found;
  std::vector<size_t> counts(group.size(), 0);
  size_t held = 0;
  size_t left = 0;
  for (const auto& right : all) {
    held += counts[right.term]++ == 0 ? 1 : 0;
    while (held == group.size()) {
      size_t last = 0;
      for (auto i = left; i < all.size() && all[i].first <= right.first; ++i)
        last = std::max(last, all[i].last);
      if (const window x{all[left].first, last}; x.width() <= limit)
        found.push_back(x);
      held -= --counts[all[left].term] == 0 ? 1 : 0;
      ++left;
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.width() < b.width(); });
  std::vector<window> out;
  for (const auto& x : found) {
    auto overlaps = [&](const window& y) { return x.first <= y.last && y.first <= x.last; };
    if (std::none_of(out.begin(), out.end(), overlaps))
      out.push_back(x);
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return out;
}

} // namespace troupe::text
