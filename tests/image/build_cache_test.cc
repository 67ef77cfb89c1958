// SPDX-License-Identifier: Apache-2.0
#include "image/build_cache.h"

#include <fcntl.h>

#include "base/files.h"
#include "image/digest.h"
#include "image/image_store.h"
#include "image/layer.h"
#include "image/new_layer.h"
#include "image/store_writer.h"
#include "scratch_fixture.h"
#include "tar_builder.h"

namespace stack::image {
namespace {

class BuildCache : public test::InScratch {
 protected:
  BuildCache() : paths{path("images")} {}

  /// The layer's diff id.
  std::string build_layer() {
    write("t.tar", test::TarBuilder().file("f", "content").bytes());
    const ScratchDirectory scratch = begin_layer(paths);
    const Fd archive = open_file(path("t.tar"), O_RDONLY);
    const NewLayer layer = unpack_new_layer(bytes_of_file(archive.get()), scratch.path() / "tree",
                                            LayerPlace::above_others)
                               .layer;
    add_built_layer(paths, {}, layer);
    return layer.diff_id;
  }

  StorePaths paths;
  const std::string key = digest_of("a step");
};

TEST_F(BuildCache, KnowsAStepWhoseLayerIsThere) {
  const std::string diff_id = build_layer();
  record_step(paths, key, {diff_id, {}});
  const auto found = find_step(paths, key, {});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->diff_id, diff_id);
  EXPECT_FALSE(find_step(paths, key, {digest_of("another layer below")}));
}

// The tree comes last: who was killed before has left the rest.
TEST_F(BuildCache, ALayerIsThereWhenItsTreeIs) {
  const std::string diff_id = build_layer();
  record_step(paths, key, {diff_id, {}});
  remove_tree(paths.layer(diff_id));
  ASSERT_TRUE(stack::exists(paths.layer_document(diff_id)));
  EXPECT_FALSE(find_step(paths, key, {}));
}

}  // namespace
}  // namespace stack::image
