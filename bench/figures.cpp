#include "bench/figures.hpp"

#include "runtime/core/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace troupe::bench {

namespace {

std::string number(double x) {
  if (x >= 10'000)
    return fmt::format("{:.0f}", x);
  return fmt::format("{:.3g}", x);
}

double judged(const figure& x) {
  return x.goal && x.goal->ratio ? median(x.ours) / median(x.floor) : median(x.ours);
}

bool reached(const figure& x) {
  auto value = judged(x);
  return x.goal->which == bar::side::at_least ? value >= x.goal->value : value <= x.goal->value;
}

std::string text_of(const bar& x) {
  return fmt::format("{} {}{}", x.which == bar::side::at_least ? "≥" : "≤", number(x.value), x.ratio ? " × floor" : "");
}

/// fmt counts "≥" as one column, as the terminal does.
std::string cell(const std::string& text, size_t width) {
  return fmt::format("{:<{}}", text, width);
}

} // namespace

double median(std::vector<double> values) {
  if (values.empty())
    return 0;
  auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void report::measure(figure x, const std::function<double()>& ours, const std::function<double()>& floor) {
  if (!floors_) {
    x.floor_name.clear();
    if (x.goal && x.goal->ratio)
      x.goal.reset();
  }
  for (size_t i = 0; i < rounds_; ++i) {
    x.ours.push_back(ours());
    if (floor && floors_)
      x.floor.push_back(floor());
  }
  add(std::move(x));
}

void report::add(figure x) {
  figures_.push_back(std::move(x));
}

std::string json_line(const figure& x) {
  json out{{"figure", x.name}, {"unit", x.unit}, {"ours", median(x.ours)}, {"rounds", x.ours}};
  if (!x.floor_name.empty()) {
    out["floor"] = median(x.floor);
    out["floor_name"] = x.floor_name;
    out["floor_rounds"] = x.floor;
    out["ratio"] = median(x.ours) / median(x.floor);
  }
  if (x.goal) {
    out["bar"] = text_of(*x.goal);
    out["reached"] = reached(x);
  }
  if (!x.note.empty())
    out["note"] = x.note;
  return out.dump();
}

std::string table(const std::vector<figure>& figures) {
  std::vector<std::vector<std::string>> rows{{"figure", "unit", "troupe", "floor", "ratio", "bar", "", "floor is"}};
  for (const auto& x : figures) {
    auto has_floor = !x.floor.empty();
    rows.push_back({x.name, x.unit, number(median(x.ours)), has_floor ? number(median(x.floor)) : "",
                    has_floor ? fmt::format("{:.2f}", median(x.ours) / median(x.floor)) : "",
                    x.goal ? text_of(*x.goal) : "",
                    !x.goal      ? ""
                    : reached(x) ? "reached"
                                 : "missed",
                    x.floor_name});
  }
  std::vector<size_t> widths(rows.front().size());
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], fmt::formatted_size("{}", row[i]));
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += cell(row[i], widths[i]) + "  ";
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  for (const auto& x : figures)
    if (!x.note.empty())
      out += x.name + ": " + x.note + '\n';
  return out;
}

bar at_least(double value) {
  return {bar::side::at_least, value, false};
}

bar at_most(double value) {
  return {bar::side::at_most, value, false};
}

bar at_least_ratio(double value) {
  return {bar::side::at_least, value, true};
}

bar at_most_ratio(double value) {
  return {bar::side::at_most, value, true};
}

} // namespace troupe::bench
