#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"

namespace troupe::text {

/// Finds the phrases that a text is about, by RAKE (Rose et al. 2010): candidates are the words between stop words and
/// punctuation; a word scores degree / frequency, a phrase the sum of its words. Phrases that occur once count only
/// when nothing else does, and the score is multiplied by how often a phrase occurs.
///
/// In: {documents | document | text, limit: 1..200 = 15, words: 1..6 = 3 (longest phrase)}
/// Out: {keywords: [{phrase, score, count, document, line}]}, best first; the place is that of the first occurrence.
result<json> keywords(const json& input);

} // namespace troupe::text
