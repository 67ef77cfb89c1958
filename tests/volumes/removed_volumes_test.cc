// SPDX-License-Identifier: Apache-2.0
// Volumes that were removed, and what becomes of them.
#include <algorithm>

#include "base/files.h"
#include "volume_fixture.h"
#include "volumes/volume_store.h"

namespace stack::volumes {
namespace {

class RemovedVolumes : public Volumes {
 protected:
  void make(const std::string& name, const std::string& text) {
    store.ensure({name, {{"project", "shop"}}});
    write("volumes/" + name + "/_data/row", text);
  }
};

TEST_F(RemovedVolumes, ComeBackAsTheyWere) {
  make("a", "1");
  EXPECT_TRUE(store.set_aside("a"));
  EXPECT_FALSE(store.find("a"));
  ASSERT_EQ(store.list_removed().size(), 1U);
  EXPECT_EQ(store.restore("a").labels.at("project"), "shop");
  EXPECT_EQ(read_file(data("a") / "row"), "1");
  EXPECT_TRUE(store.list_removed().empty());
  EXPECT_FALSE(stack::exists(path("volumes/.removed")));
}

TEST_F(RemovedVolumes, AreKeptThreeOfAName) {
  for (const char* text : {"1", "2", "3", "4"}) {
    make("a", text);
    store.set_aside("a");
  }
  EXPECT_EQ(store.list_removed().size(), 3U);
  store.restore("a");
  EXPECT_EQ(read_file(data("a") / "row"), "4");
}

TEST_F(RemovedVolumes, WereNotRemovedInTheFuture) {
  for (const char* text : {"1", "2", "3"}) {
    make("a", text);
    store.set_aside("a");
  }
  EXPECT_EQ(store.forget_removed(std::chrono::system_clock::now()), 3U);
}

TEST_F(RemovedVolumes, DoNotTakeThePlaceOfAnother) {
  make("a", "old");
  store.set_aside("a");
  make("a", "new");
  EXPECT_EQ(error_of([&] { store.restore("a"); }), "there is a volume a");
  EXPECT_EQ(read_file(data("a") / "row"), "new");
}

TEST_F(RemovedVolumes, AreNotKeptWhenThereIsNothingInThem) {
  store.ensure({"a", {}});
  EXPECT_TRUE(store.set_aside("a"));
  EXPECT_TRUE(store.list_removed().empty());
  EXPECT_FALSE(store.set_aside("a"));
}

TEST_F(RemovedVolumes, AreForgottenAfterTheirTime) {
  make("a", "1");
  store.set_aside("a");
  const auto now = std::chrono::system_clock::now();
  EXPECT_EQ(store.forget_removed(now - VolumeStore::kept_for), 0U);
  EXPECT_EQ(store.forget_removed(now + std::chrono::hours(1)), 1U);
  EXPECT_TRUE(store.list_removed().empty());
  EXPECT_EQ(error_of([&] { store.restore("a"); }), "no removed volume a is kept");
}

}  // namespace
}  // namespace stack::volumes
