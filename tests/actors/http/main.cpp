#include <gtest/gtest.h>

#include <cstdlib>

/// Requests to 127.0.0.1 must not go through a proxy that the environment names.
int main(int argc, char** argv) {
  ::setenv("no_proxy", "*", 1);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
