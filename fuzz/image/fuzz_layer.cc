// SPDX-License-Identifier: Apache-2.0
// Any bytes as a layer, or as files to copy: they may be refused or unpacked, but what lies beside
// them stays as it was.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>

#include "base/error.h"
#include "base/files.h"
#include "image/digest.h"
#include "image/layer.h"
#include "image/tar_frame.h"
#include "image/unpack_files.h"

namespace {

namespace fs = std::filesystem;

struct Ground {
  Ground() {
    std::string name = (fs::temp_directory_path() / "layer-fuzz.XXXXXX").native();
    root = ::mkdtemp(name.data());
    stack::write_file_atomically(root / "sentinel", "whole", stack::Durability::survives_crash);
  }
  ~Ground() { stack::remove_tree(root); }
  fs::path root;
};

stack::Fd as_file(const std::uint8_t* data, std::size_t size) {
  stack::Fd file(::memfd_create("layer", MFD_CLOEXEC));
  stack::write_all(file.get(), {reinterpret_cast<const char*>(data), size});
  ::lseek(file.get(), 0, SEEK_SET);
  return file;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stack::image;
  static const Ground ground;
  fs::create_directory(ground.root / "layer");
  const stack::Fd archive = as_file(data + (size > 0), size - (size > 0));
  const stack::Fd root = stack::open_file(ground.root / "layer", O_RDONLY | O_DIRECTORY);
  const int mode = size > 0 ? data[0] % 4 : 0;
  const auto place = mode % 2 == 0 ? LayerPlace::bottom : LayerPlace::above_others;
  LayerLimits limits;
  limits.entries = 1000;
  limits.idle_bytes = 8 << 20;
  try {
    if (mode < 2) {
      const fs::path frame = ground.root / "layer.frame";
      const auto unpacked =
          unpack_layer(bytes_of_file(archive.get()), root.get(), place, limits, frame);
      // What was accepted can be given out bit by bit.
      Sha256 sum;
      write_framed_stream(frame, root.get(), [&](std::string_view bytes) { sum.add(bytes); });
      if (sum.digest() != unpacked.diff_id) std::abort();
    }
    if (mode == 2) unpack_files(archive.get(), {.root = root.get(), .directory = ""});
    if (mode == 3)
      unpack_files(archive.get(), {.root = root.get(),
                                   .directory = "/sub",
                                   .ownership = Ownership::callers,
                                   .devices = ArchivedDevices::leave_out});
  } catch (const stack::Error&) {
  }
  for (const char* ending : {".frame", ".frame.replaced", ".frame.complete"})
    stack::remove_tree(ground.root / (std::string("layer") + ending));
  if (stack::list_directory(ground.root).size() != 2) std::abort();
  if (stack::read_file(ground.root / "sentinel") != "whole") std::abort();
  stack::remove_tree(ground.root / "layer");
  return 0;
}
