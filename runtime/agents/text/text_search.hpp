#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"

namespace troupe::text {

/// Finds the sentences that answer best to some words, by BM25 (Robertson, Walker 1994; k1 = 1.2, b = 0.75) with
/// sentences as the units.
///
/// In: {query: text, documents | document | text (see text_input.hpp), limit: 1..100 = 10,
///      context: 0..5 = 0 (sentences before and after)}
/// Out: {query, terms: [stem], documents, sentences,
///       hits: [{document, line, last_line, column, score, quote, context}]}
///
/// `quote` is the sentence as it stands there, with its white space collapsed; `context` the same with its neighbours.
/// Hits are ordered by score, then by place.
result<json> search(const json& input);

} // namespace troupe::text
