#include "runtime/expression/unicode_category.hpp"

#include <boost/spirit/home/support/char_encoding/unicode/query.hpp>

#include <array>
#include <utility>

namespace troupe {

namespace ucd = boost::spirit::ucd;

uint64_t unicode_category_bit(char32_t code_point) {
  return uint64_t{1} << static_cast<unsigned>(ucd::get_category(code_point));
}

uint64_t unicode_category_mask(std::string_view name) {
  using p = ucd::properties;
  static constexpr std::array<std::pair<std::string_view, p::category>, 30> names{{
      {"Lu", p::uppercase_letter},
      {"Ll", p::lowercase_letter},
      {"Lt", p::titlecase_letter},
      {"Lm", p::modifier_letter},
      {"Lo", p::other_letter},
      {"Mn", p::nonspacing_mark},
      {"Me", p::enclosing_mark},
      {"Mc", p::spacing_mark},
      {"Nd", p::decimal_number},
      {"Nl", p::letter_number},
      {"No", p::other_number},
      {"Zs", p::space_separator},
      {"Zl", p::line_separator},
      {"Zp", p::paragraph_separator},
      {"Cc", p::control},
      {"Cf", p::format},
      {"Co", p::private_use},
      {"Cs", p::surrogate},
      {"Cn", p::unassigned},
      {"Pd", p::dash_punctuation},
      {"Ps", p::open_punctuation},
      {"Pe", p::close_punctuation},
      {"Pc", p::connector_punctuation},
      {"Po", p::other_punctuation},
      {"Pi", p::initial_punctuation},
      {"Pf", p::final_punctuation},
      {"Sm", p::math_symbol},
      {"Sc", p::currency_symbol},
      {"Sk", p::modifier_symbol},
      {"So", p::other_symbol},
  }};
  uint64_t mask = 0;
  for (const auto& [known, category] : names)
    if (known == name || (name.size() == 1 && known.front() == name.front()))
      mask |= uint64_t{1} << static_cast<unsigned>(category);
  return mask;
}

} // namespace troupe
