#pragma once

#include "runtime/core/result.hpp"

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// A compiled regular expression. Runs all alternatives at once (Thompson 1968), so the time is bounded by
/// pattern × text whatever they are.
class i_regexp {
public:
  enum class dialect {
    /// RFC 9485, what JSONPath's match() and search() take. Also knows `^` and `$` as anchors and \d \s \w, as people
    /// expect.
    i_regexp,
    /// As much of ECMA-262 as can be run in this way, for JSON Schema: no lookaround, no back references.
    ecma,
  };

  /// Limits: 1 KiB of pattern, 4 096 instructions after repetitions are unrolled.
  static result<i_regexp> compile(std::string_view pattern, dialect as = dialect::i_regexp);

  /// The whole text matches.
  /// `steps`: how many it may take; what it took is taken off. One that ran out has not matched.
  bool match(std::string_view text, uint64_t& steps) const;
  bool match(std::string_view text) const;

  /// Some part of the text matches.
  bool search(std::string_view text, uint64_t& steps) const;
  bool search(std::string_view text) const;

  struct char_class {
    bool negated = false;
    /// Inclusive.
    std::vector<std::pair<char32_t, char32_t>> ranges;
    /// Bits of unicode_category_bit.
    uint64_t categories = 0;

    bool contains(char32_t c) const;
  };

  struct instruction {
    enum class op { character, one_of, split, jump, text_begin, text_end, word_edge, no_word_edge, accept };
    op what;
    char32_t character = 0;
    /// one_of: index of the class. split, jump: targets.
    uint32_t x = 0;
    uint32_t y = 0;
  };

  struct program {
    std::vector<instruction> code;
    std::vector<char_class> classes;
  };

private:
  explicit i_regexp(std::shared_ptr<const program> p) : program_{std::move(p)} {}

  bool run(std::string_view text, bool whole, uint64_t& steps) const;

  std::shared_ptr<const program> program_;
};

} // namespace troupe
