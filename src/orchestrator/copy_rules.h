// SPDX-License-Identifier: Apache-2.0
// Where a copy goes: the rules of `docker cp` about trailing slashes, "/." and what exists. Pure.
#pragma once

#include <string>

namespace stack::orchestrator {

/// "web:/etc/hosts": a service and a path in its container. Without a service it is a path here;
/// "./a:b" and "/a:b" are always paths here.
struct CopyArgument {
  std::string service;  ///< empty: none
  std::string path;
};
CopyArgument parse_copy_argument(const std::string& text);

enum class FileKind {
  absent,
  directory,
  file,   ///< a regular file, or a symbolic link that is not followed
  other,  ///< device, FIFO, socket
};

/// One end of a copy.
struct CopyEnd {
  std::string typed;  ///< as a person wrote it, made absolute and nothing else
  std::string path;   ///< absolute and clean, where links led
  FileKind kind = FileKind::absent;
};

/// The source becomes `name` in `directory`; with the name "." its content goes there.
struct CopyPlan {
  std::string directory;
  std::string name;
  bool operator==(const CopyPlan&) const = default;
};

/// Throws Error for a pair that docker refuses: a directory onto a file, a file onto "absent/".
CopyPlan plan_copy(const CopyEnd& source, const CopyEnd& destination);

/// Whether a path as typed says that it is a directory: it ends in "/", "/." or "/..".
bool asserts_directory(const std::string& typed);

/// Absolute, without ".", "..", "//" and a trailing "/"; ".." of the root is the root. What is
/// relative is taken from `base`.
std::string clean_absolute(const std::string& typed, const std::string& base);

/// What of a clean absolute path is before and after its last "/". The root is in itself, as ".".
std::string directory_of(const std::string& path);
std::string last_name_of(const std::string& path);

}  // namespace stack::orchestrator
