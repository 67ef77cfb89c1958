// SPDX-License-Identifier: Apache-2.0
#include "build/downloads.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>

#include "base/calendar.h"
#include "base/document.h"
#include "base/error.h"
#include "base/files.h"
#include "base/scratch.h"
#include "base/text.h"
#include "image/digest.h"

namespace stack::build {
namespace {

namespace fs = std::filesystem;

constexpr DocumentKind about_kind{"download", 1};

/// What is kept of one address.
struct Kept {
  std::string digest;
  WebFile file;
};

std::optional<Kept> read_kept(const fs::path& place) {
  const auto about = read_document(place / "about.json", about_kind, Damaged::counts_as_absent);
  if (!about) return std::nullopt;
  Kept kept{about->value("digest", ""),
            {about->value("etag", ""), about->value("modified", ""), about->value("name", "")}};
  if (!image::is_digest(kept.digest) || !stack::exists(place / image::hex_of(kept.digest)))
    return std::nullopt;
  return kept;
}

void write_kept(const fs::path& place, const std::string& url, const Kept& kept) {
  write_document(place / "about.json", about_kind,
                 {{"url", url},
                  {"digest", kept.digest},
                  {"etag", kept.file.etag},
                  {"modified", kept.file.modified},
                  {"name", kept.file.name}},
                 Durability::survives_crash);
}

void rewind(const Fd& file) {
  if (::lseek(file.get(), 0, SEEK_SET) != 0) throw_errno("seek");
}

/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7); 1970 for what is no such thing.
time_t time_of(const std::string& modified) {
  tm fields{};
  const char* const end = ::strptime(modified.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &fields);
  return end != nullptr && *end == '\0' ? seconds_of_utc(fields) : 0;
}

/// Gives it its name, which is that of its content: it may be there already, and in use.
void keep_file(int fd, const fs::path& path, const std::string& modified) {
  const std::string self = fmt::format("/proc/self/fd/{}", fd);
  const int linked = ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path.c_str(), AT_SYMLINK_FOLLOW);
  if (linked != 0 && errno != EEXIST) throw_errno("keep {}", path.native());
  const timespec time{time_of(modified), 0};
  const std::array<timespec, 2> times{time, time};
  if (::utimensat(AT_FDCWD, path.c_str(), times.data(), 0) != 0)
    throw_errno("set the time of {}", path.native());
}

void check(const std::string& digest, const std::string& wanted) {
  if (wanted.empty() || digest == wanted) return;
  throw Error(fmt::format("its checksum is {}, not {}", digest, wanted))
      .with_hint("the file has changed, or the Dockerfile's --checksum is wrong");
}

Download found_in(const fs::path& place, const Kept& kept, bool was_there) {
  auto source = std::make_shared<FileSource>();
  source->root = open_file(place, O_RDONLY | O_DIRECTORY);
  source->name = "the download";
  return {std::move(source), image::hex_of(kept.digest), kept.file.name, was_there};
}

}  // namespace

bool is_url(const std::string& source) {
  return source.starts_with("http://") || source.starts_with("https://");
}

Download download(const BuildSurroundings& with, const DownloadRequest& request) {
  const fs::path place = with.cache / downloads_name / image::hex_of(image::digest_of(request.url));
  make_directories(place);
  const FileLock lock = FileLock::acquire(place / "lock");
  std::optional<Kept> kept = request.anew ? std::nullopt : read_kept(place);
  if (kept && !request.checksum.empty() && kept->digest == request.checksum)
    return found_in(place, *kept, true);
  const Fd file = nameless_file(place);
  const auto fetched = with.fetch(request.url, kept ? kept->file : WebFile{}, file.get());
  if (!fetched) {
    check(kept->digest, request.checksum);
    return found_in(place, *kept, true);
  }
  rewind(file);
  const Kept fresh{image::digest_of_rest(file.get()), *fetched};
  check(fresh.digest, request.checksum);
  keep_file(file.get(), place / image::hex_of(fresh.digest), fresh.file.modified);
  write_kept(place, request.url, fresh);
  return found_in(place, fresh, false);
}

Fd download_once(const BuildSurroundings& with, const std::string& url, const fs::path& directory) {
  Fd file = nameless_file(directory);
  with.fetch(url, {}, file.get());
  rewind(file);
  return file;
}

}  // namespace stack::build
