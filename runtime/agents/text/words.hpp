#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::text {

/// One word of a text.
struct word {
  /// Lower case, stemmed; see `stem`.
  std::string stem;
  /// Byte range in the text.
  size_t begin = 0;
  size_t end = 0;
};

/// Words are runs of letters and digits; an apostrophe inside belongs to them, a trailing 's does not. Bytes outside
/// of ASCII count as letters.
std::vector<word> words_of(std::string_view text);

/// Brings forms of an English word together: plural ("licences"), -ed and -ing ("granted", "modifying"), and the
/// American and British spelling ("license"). Not a full stemmer, and on purpose: "patent" and "patently" stay apart.
std::string stem(std::string_view lower_case_word);

/// The stems of a phrase, in order.
std::vector<std::string> stems_of(std::string_view phrase);

/// English words that carry no topic ("the", "of"). Takes a stem or a word.
bool is_stop_word(std::string_view lower_case_word);

std::string lower_case(std::string_view text);

} // namespace troupe::text
