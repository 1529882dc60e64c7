#include "runtime/cluster/reconnect_backoff.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace troupe {
namespace {

RC_GTEST_PROP(reconnect_backoff, grows_to_its_bound_and_never_leaves_the_upper_half, (uint64_t seed)) {
  reconnect_backoff backoff(seed, milliseconds{100}, milliseconds{5'000});
  milliseconds span{100};
  for (int i = 0; i < 20; ++i) {
    auto delay = backoff.next();
    RC_ASSERT(delay >= span / 2);
    RC_ASSERT(delay <= span);
    span = std::min(milliseconds{5'000}, span * 2);
  }
  backoff.reset();
  RC_ASSERT(backoff.next() <= milliseconds{100});
}

TEST(reconnect_backoff, differs_between_nodes) {
  EXPECT_NE(reconnect_backoff(1, milliseconds{10'000}).next(), reconnect_backoff(2, milliseconds{10'000}).next());
}

} // namespace
} // namespace troupe
