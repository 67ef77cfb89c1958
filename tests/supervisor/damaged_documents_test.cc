// SPDX-License-Identifier: Apache-2.0
// What the readers make of documents that are cut short or have a bit flipped: what was written, or
// nothing, or an error that names the file; never anything else.
#include <gtest/gtest.h>
#include <unistd.h>

#include <random>

#include "base/document.h"
#include "base/process.h"
#include "examples.h"
#include "supervisor/exit_log.h"
#include "supervisor/project_files.h"
#include "temporary_directory.h"

namespace stack::supervisor {
namespace {

constexpr int flips = 10'000;

class DamagedDocuments : public ::testing::Test {
 protected:
  DamagedDocuments() {
    make_directories(files_.run());
    config_ = full_config();
    network_.config = full_network();
    status_ = full_status();
    status_.id = config_.id;
    status_.process = identify(::getpid());
    make_directories(files_.container(config_.id));
    write_all();
  }

  void write_all() {
    write_config(files_, config_, {});
    write_state(files_, status_);
    write_status(files_, {&status_});
    write_network(files_, network_, Durability::survives_crash);
    write_uplink(files_, uplink_);
    write_file_atomically(files_.exits(), "71 22 0 5\n72 33 256 6\n", Durability::survives_crash);
  }

  std::vector<std::filesystem::path> documents() const {
    const auto container = files_.container(config_.id);
    return {container / "config.json", container / "state.json",
            files_.status(),           files_.network(network_.config.spec.name),
            files_.uplink(),           files_.exits()};
  }

  /// Everything that there is to read, in both ways.
  void read_everything() const {
    for (const auto unreadable : {Unreadable::is_an_error, Unreadable::is_left_out}) {
      for (const auto& each : read_recorded(files_, ConfigParts::all, unreadable))
        EXPECT_EQ(each.config, config_);
      for (const auto& each : read_network_records(files_, unreadable)) {
        EXPECT_EQ(each.config.spec.name, network_.config.spec.name);
        const bool read = unreadable == Unreadable::is_an_error;
        EXPECT_EQ(each.config.spec, read ? network_.config.spec : each.config.spec);
      }
    }
    EXPECT_EQ(read_uplink(files_).value_or(uplink_), uplink_);
    EXPECT_LE(ExitLog(files_.exits()).read_new().size(), 2U);
  }

  void expect_sense(const std::filesystem::path& path, const std::string& damaged) {
    write_file_atomically(path, damaged, Durability::survives_crash);
    try {
      read_everything();
    } catch (const DamagedDocument& error) {
      EXPECT_EQ(std::string(error.what()).find(path.native() + " is damaged: "), 0U)
          << error.what();
      EXPECT_FALSE(error.hint().empty());
    }
  }

  TemporaryDirectory directory_;
  ProjectFiles files_{{directory_.path() / "data", directory_.path() / "run"}, "shop"};
  ContainerConfig config_;
  NetworkRecord network_;
  ContainerStatus status_;
  network::UplinkSpec uplink_{"stk01234567", {1}, {2}, 1500, {}, {}};
};

TEST_F(DamagedDocuments, CutAtEveryByte) {
  for (const auto& path : documents()) {
    const std::string text = read_file(path);
    for (std::size_t size = 0; size < text.size(); ++size) expect_sense(path, text.substr(0, size));
    write_all();
  }
}

TEST_F(DamagedDocuments, WithAFlippedBit) {
  std::mt19937 dice(1);
  const auto paths = documents();
  for (int i = 0; i < flips; ++i) {
    const auto& path = paths[static_cast<std::size_t>(i) % paths.size()];
    const std::string text = read_file(path);
    std::string flipped = text;
    const auto bit = std::uniform_int_distribution<std::size_t>(0, text.size() * 8 - 1)(dice);
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    expect_sense(path, flipped);
    write_file_atomically(path, text, Durability::survives_crash);
  }
}

TEST_F(DamagedDocuments, OfAContainerThatRunsAreAnErrorAndOthersNone) {
  const auto path = files_.container(config_.id) / "config.json";
  write_file_atomically(path, "", Durability::survives_crash);
  EXPECT_THROW(read_recorded(files_), DamagedDocument);
  EXPECT_TRUE(read_recorded(files_, ConfigParts::all, Unreadable::is_left_out).empty());
  EXPECT_EQ(unreadable_containers(files_), std::vector{config_.id});
  status_.process = {};
  write_status(files_, {&status_});
  EXPECT_TRUE(read_recorded(files_).empty());
}

TEST_F(DamagedDocuments, OfNetworksAreKnownByTheirNames) {
  write_file_atomically(files_.network(network_.config.spec.name), "{}",
                        Durability::survives_crash);
  EXPECT_THROW(read_network_records(files_), DamagedDocument);
  const auto records = read_network_records(files_, Unreadable::is_left_out);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].config.spec.name, network_.config.spec.name);
}

}  // namespace
}  // namespace stack::supervisor
