// SPDX-License-Identifier: Apache-2.0
#include "runtime/id_mapping.h"

#include <gtest/gtest.h>

namespace stack::runtime {
namespace {

TEST(IdMapping, TwoIdsChangePlacesAndAllOthersStay) {
  EXPECT_EQ(to_text(exchanged_ids(1000, 33)),
            "0 0 33\n33 1000 1\n34 34 966\n1000 33 1\n1001 1001 4294966294\n");
  EXPECT_EQ(to_text(exchanged_ids(0, 1)), "0 1 1\n1 0 1\n2 2 4294967293\n");
}

TEST(IdMapping, AnIdThatIsTheOtherStays) {
  EXPECT_EQ(to_text(exchanged_ids(5, 5)), "0 0 5\n5 5 1\n6 6 4294967289\n");
}

TEST(IdMapping, TheLastIdIsTheLast) {
  EXPECT_EQ(to_text(exchanged_ids(0, 4294967294U)),
            "0 4294967294 1\n1 1 4294967293\n4294967294 0 1\n");
}

}  // namespace
}  // namespace stack::runtime
