#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"

namespace troupe::text {

/// Picks the sentences that say most (extractive; nothing is rephrased) and keeps their order. A sentence scores by how
/// frequent its words are in the text (after SumBasic, Nenkova and Vanderwende 2005; words that are already told count
/// half from then on), with a small bonus at the begin of the text. Sentences under four words, as headings are, do not
/// take part.
///
/// In: {document | text, sentences: 1..50 = 5, focus: text (words that count five times)}
/// Out: {document, summary: text, sentences: [{quote, line, last_line, column, score}], of: sentences in the text}
result<json> summary(const json& input);

} // namespace troupe::text
