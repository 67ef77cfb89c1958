// SPDX-License-Identifier: Apache-2.0
#include "runtime/id_mapping.h"

#include <gtest/gtest.h>

#include "base/error.h"

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

TEST(IdMapping, OneBlockOfIdsIsReadFromTheKernelsText) {
  EXPECT_EQ(parse_id_map("         0     100000      65536\n"), (IdRange{0, 100000, 65536}));
  for (const char* text : {"", "0 1\n", "1 1 1\n", "0 1 0\n", "0 0 1\n1 5 1\n", "0 x 1\n"})
    EXPECT_THROW(parse_id_map(text), Error) << text;
}

TEST(IdMapping, WhoIsNotInTheBlockIsNobody) {
  const IdBlock block{1000, 2000, 10};
  EXPECT_EQ(block.uid_outside(9), 1009U);
  EXPECT_EQ(block.gid_inside(2009), 9U);
  for (const uid_t outside : {0U, 999U, 1010U, 2000U}) EXPECT_EQ(block.uid_inside(outside), 65534U);
  EXPECT_FALSE(block.has(10));
  EXPECT_TRUE(IdBlock{}.has(10));
  EXPECT_EQ(IdBlock{}.uid_inside(7), 7U);
}

}  // namespace
}  // namespace stack::runtime
