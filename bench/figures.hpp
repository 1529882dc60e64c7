#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace troupe::bench {

/// What a figure is held against. `ratio`: ours divided by the floor of the same run; else our own value.
struct bar {
  enum class side { at_least, at_most };
  side which = side::at_least;
  double value = 0;
  bool ratio = false;
};

/// One measured figure: medians of the rounds, ours beside its floor.
struct figure {
  std::string name;
  std::string unit;
  std::vector<double> ours;
  /// What the floor is; empty when there is none.
  std::string floor_name;
  std::vector<double> floor;
  std::optional<bar> goal;
  /// Anything a reader should know of this figure.
  std::string note;
};

double median(std::vector<double> values);

/// Where cases leave what they measured.
class report {
public:
  /// Without floors: for profiles of ours alone.
  report(size_t rounds, bool floors) : rounds_{rounds}, floors_{floors} {}

  /// How often each thing is measured. Odd.
  size_t rounds() const {
    return rounds_;
  }

  /// Measures ours and the floor in turn (A B A B …), so that a machine that gets slower or faster hurts both alike.
  void measure(figure x, const std::function<double()>& ours, const std::function<double()>& floor = {});

  void add(figure x);

  const std::vector<figure>& figures() const {
    return figures_;
  }

private:
  size_t rounds_;
  bool floors_;
  std::vector<figure> figures_;
};

/// One JSON object on one line.
std::string json_line(const figure& x);

/// For people.
std::string table(const std::vector<figure>& figures);

bar at_least(double value);
bar at_most(double value);
bar at_least_ratio(double value);
bar at_most_ratio(double value);

} // namespace troupe::bench
