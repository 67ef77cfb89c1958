// SPDX-License-Identifier: Apache-2.0
// How a container's output lies on disk: what the writing and the reading side agree on.
//
// Each stream has a file of its bytes, as they came, and an index beside it that says when which
// bytes came. When they have reached the size that the policy allows, both streams go on in the
// next generation: stdout, stdout.1, stdout.2, ... Files are never renamed and never written to
// again once a file of a later generation exists, so that nobody who reads has to ask.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>

namespace stack::supervisor {

enum class Stream { out, err };

/// One entry of an index: from this byte of the file on, the output came at this time.
struct LogMark {
  std::uint64_t offset;  ///< in the first one of a file perhaps with log_line_continues
  std::int64_t time;     ///< nanoseconds since the epoch
};

/// Set in the first mark of a file: its first bytes belong to a line that an earlier generation
/// began.
inline constexpr std::uint64_t log_line_continues = 1ULL << 63;

/// "stdout", "stderr.3"
std::string log_data_name(Stream stream, std::uint64_t generation);
/// "stdout.index", "stderr.3.index"
std::string log_index_name(Stream stream, std::uint64_t generation);

/// Bytes in an open file of a log. Throws Error.
std::uint64_t log_file_size(int file);

/// Generations that have files in `directory`; empty when there is no output yet.
struct LogGenerations {
  std::set<std::uint64_t> of_out;
  std::set<std::uint64_t> of_err;
  const std::set<std::uint64_t>& of(Stream stream) const {
    return stream == Stream::out ? of_out : of_err;
  }
  bool empty() const { return of_out.empty() && of_err.empty(); }
  /// Of both streams; not when empty.
  std::uint64_t oldest() const;
  std::uint64_t newest() const;
};
LogGenerations list_log_generations(const std::filesystem::path& directory);
/// What all files of the log in `directory` take on disk, in bytes.
std::uint64_t log_bytes(const std::filesystem::path& directory);

}  // namespace stack::supervisor
