#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"

namespace troupe::text {

/// How good a text is for its purpose, 0..1, with the parts that the number is made of:
/// - readability: Flesch reading ease (1948) scaled to 0..1;
/// - coverage: the share of `keywords` (each a word or phrase) that occur in it;
/// - overlap: how much of it is supported by `reference` (share of its word pairs that occur there too, stop words
///   left out), for summaries and quotations;
/// - length: 1 within `min_words`..`max_words`, falling off linearly to 0 at none and at twice as many.
/// Only the parts that the input asks for are counted; readability always is. The score is their mean, in which
/// readability counts half.
///
/// In: {document | text, keywords: [text], reference: text, min_words, max_words}
/// Out: {score, parts: {readability: {score, flesch, words_per_sentence}, coverage: {score, found, missing},
///       overlap: {score, pairs}, length: {score, words}}, explanation: text}
result<json> score(const json& input);

} // namespace troupe::text
