#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"

namespace troupe::text {

/// Weighs whether a text says something, by the terms that stand in it, and quotes where. There is no understanding
/// behind it: who asks gives the words by which the claim would be made, and those by which it would be denied.
///
/// In: {document | text, claim: text,
///      about: [term] (what the claim speaks of), supports: [[term, …], …], opposes: [[term, …], …]
///      (each inner list counts where all its terms stand together; a text is a list of one),
///      method: "terms" | "proximity" | "sentences" (default), window: 5..200 = 25, quotes: 0..20 = 3}
///   Without `supports`, the words of the claim that are no stop words, together. Terms: see term_pattern.hpp.
/// Out: {document, claim, method, verdict: "yes" | "no" | "unclear", confidence: 0..1, support, oppose, mentions, why,
///       evidence: [{quote, line, last_line, column, side: "supports" | "opposes" | "mentions", score}]}
///
/// The methods are three judges that look at different things:
/// - terms: all terms in one paragraph, in any order; the more paragraphs, the surer.
/// - proximity: all terms within `window` words; the closer together, the surer.
/// - sentences: all terms in one sentence; a denial in it ("not", "without") turns it round, and words that oblige or
///   permit ("shall", "hereby", "may") count double.
///
/// A text that never mentions what the claim is about says "no"; one that mentions it without a word for or against is
/// "unclear".
result<json> evidence(const json& input);

} // namespace troupe::text
