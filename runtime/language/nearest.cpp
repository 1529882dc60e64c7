#include "runtime/language/nearest.hpp"

#include <algorithm>

namespace troupe {

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string nearest(std::string_view text, const std::vector<std::string>& candidates) {
  // Names are short; a long text is no slip of one of them.
  if (text.size() > 100)
    return {};
  // Of very many long names the first few hundred have to do: a document may hold a hundred faults.
  constexpr size_t most_work = 1'000'000;
  size_t work = 0;
  std::string best;
  size_t best_distance = std::max<size_t>(1, text.size() / 3) + 1;
  for (auto& c : candidates) {
    if (c.size() > 100 || std::max(c.size(), text.size()) - std::min(c.size(), text.size()) >= best_distance)
      continue;
    work += (c.size() + 1) * (text.size() + 1);
    if (work > most_work)
      break;
    if (auto d = edit_distance(text, c); d < best_distance) {
      best = c;
      best_distance = d;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view text, const std::vector<std::string>& candidates) {
  auto best = nearest(text, candidates);
  return best.empty() ? best : "did you mean \"" + best + "\"?";
}

std::string enumerate(const std::vector<std::string>& names) {
  constexpr size_t most = 40;
  std::string out;
  for (size_t i = 0; i < names.size() && i < most; ++i)
    out += (i == 0 ? "" : ", ") + names[i];
  return names.size() > most ? out + ", …" : out;
}

std::string excerpt(std::string_view text) {
  constexpr size_t most = 64;
  auto cut = text.size() > most;
  auto n = cut ? most : text.size();
  while (cut && n > 0 && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80)
    --n;
  std::string out{text.substr(0, n)};
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
  return cut ? out + "…" : out;
}

} // namespace troupe
