// SPDX-License-Identifier: Apache-2.0
#include "cli/system_view.h"

#include <gtest/gtest.h>

namespace stack::cli {
namespace {

TEST(SystemDf, HasDockersColumns) {
  const auto room = room_of("Local Volumes", {{"a", 3'000'000, true}, {"b", 1'000'000, false}});
  EXPECT_EQ(format_rows("", df_headings(), df_columns(), {df_fields(room)}),
            "TYPE            TOTAL   ACTIVE   SIZE   RECLAIMABLE\n"
            "Local Volumes   2       1        4MB    1MB (25%)\n");
}

TEST(SystemDf, NothingTakesNoRoom) {
  EXPECT_EQ(format_rows("{{.Size}} {{.Reclaimable}}", df_headings(), df_columns(),
                        {df_fields(room_of("Containers", {}))}),
            "0B 0B\n");
}

}  // namespace
}  // namespace stack::cli
