// SPDX-License-Identifier: Apache-2.0
#include "build/copy_plan.h"

#include <fcntl.h>
#include <limits.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "base/overlay_tree.h"
#include "base/text.h"
#include "base/tree_copy.h"
#include "image/digest.h"

namespace stack::build {
namespace {

constexpr mode_t user_bits = 0700, group_bits = 0070, other_bits = 0007;

mode_t who_of(char c) {
  switch (c) {
    case 'u':
      return user_bits | S_ISUID;
    case 'g':
      return group_bits | S_ISGID;
    case 'o':
      return other_bits;
    default:
      return user_bits | group_bits | other_bits | S_ISUID | S_ISGID;
  }
}

mode_t bits_of(const std::string& what, mode_t who, mode_t mode) {
  mode_t bits = 0;
  for (const char c : what) {
    if (c == 'r') bits |= 0444;
    if (c == 'w') bits |= 0222;
    if (c == 'x') bits |= 0111;
    if (c == 'X' && (S_ISDIR(mode) || (mode & 0111) != 0)) bits |= 0111;
    if (c == 's') bits |= S_ISUID | S_ISGID;
  }
  bits &= who;
  if (what.find('t') != std::string::npos) bits |= S_ISVTX;
  return bits;
}

/// Files of a directory of the source, in the order of their names.
class Walk {
 public:
  Walk(const FileSource& source, const CopyRules& rules, CopyPlan& plan)
      : source_(source), rules_(rules), plan_(plan) {}

  void add(const std::string& path, const std::string& target, const struct stat& info,
           bool counts = true) {
    if (S_ISSOCK(info.st_mode)) return;
    CopyEntry entry{path, target, info};
    entry.info.st_mode =
        (info.st_mode & S_IFMT) |
        (S_ISLNK(info.st_mode) ? info.st_mode & 07777 : rules_.mode.apply(info.st_mode) & 07777);
    if (!rules_.keeps_owner || rules_.owner) {
      entry.info.st_uid = rules_.owner ? rules_.owner->first : 0;
      entry.info.st_gid = rules_.owner ? rules_.owner->second : 0;
    }
    if (counts) plan_.entries.push_back(std::move(entry));
    if (S_ISDIR(info.st_mode)) add_children(path, target);
  }

 private:
  void add_children(const std::string& path, const std::string& target) {
    // A longer path is none that anybody could use; the tree may be deeper only by malice.
    if (path.size() >= PATH_MAX) throw Error("the path is too long", ENAMETOOLONG);
    JoinedDirectory directory;
    directory.push_back(
        open_beneath(source_.root.get(), path.empty() ? "." : path, O_RDONLY | O_DIRECTORY));
    for (const std::string& name : names_in(directory)) {
      const std::string below = path.empty() ? name : path + "/" + name;
      const std::string copy = target.empty() ? name : target + "/" + name;
      struct stat info {};
      if (::fstatat(directory.front().get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
        throw_errno("stat {}", printable(below));
      if (is_excluded(copy)) continue;
      const bool left_out = source_.ignore.ignores(below);
      if (left_out && !(S_ISDIR(info.st_mode) && source_.ignore.may_hold_exceptions(below)))
        continue;
      const std::size_t before = plan_.entries.size();
      add(below, copy, info);
      // A directory that is left out is there only for what is not.
      if (left_out && plan_.entries.size() == before + 1) plan_.entries.pop_back();
    }
  }

  bool is_excluded(const std::string& path) const {
    return std::any_of(rules_.excluded.begin(), rules_.excluded.end(),
                       [&](const PathPattern& pattern) { return pattern.matches(path); });
  }

  const FileSource& source_;
  const CopyRules& rules_;
  CopyPlan& plan_;
};

Fd open_content(int directory, const std::string& name) {
  Fd file(::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file) throw_errno("open {}", printable(name));
  return file;
}

/// Of content and attributes: all that is not in `info`.
ContentMemory::Digest inner_digest(int directory, const std::string& name,
                                   const struct stat& info) {
  std::string text;
  Fd content;
  if (S_ISREG(info.st_mode)) {
    content = open_content(directory, name);
    text = during(printable(name), [&] { return image::digest_of_rest(content.get()); });
  }
  if (S_ISLNK(info.st_mode)) text = read_link(directory, name);
  text = fmt::format("{} {}\n", text.size(), text);
  for (const auto& [attribute, value] :
       content ? harmless_attributes(content.get()) : harmless_attributes(directory, name))
    text += fmt::format("{} {} {}\n", attribute, value.size(), value);
  const auto bytes = from_hex(image::hex_of(image::digest_of(text)));
  ContentMemory::Digest digest;
  std::copy_n(bytes.value().begin(), digest.size(), digest.begin());
  return digest;
}

bool same_time(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

ModeChange::ModeChange(const std::string& text) {
  if (const auto number = parse_integer<unsigned>(text, 8)) {
    if (*number > 07777) fail("invalid mode {}", stack::quoted(text));
    number_ = *number;
    return;
  }
  for (const std::string& part : split(text, ',')) {
    const std::size_t operation = part.find_first_of("+-=");
    if (operation == std::string::npos) fail("invalid mode {}", stack::quoted(text));
    Clause clause{0, part[operation], part.substr(operation + 1)};
    for (const char c : part.substr(0, operation)) {
      if (std::string_view("ugoa").find(c) == std::string_view::npos)
        fail("invalid mode {}", stack::quoted(text));
      clause.who |= who_of(c);
    }
    if (clause.who == 0) clause.who = who_of('a');
    if (clause.what.find_first_not_of("rwxXst") != std::string::npos)
      fail("invalid mode {}", stack::quoted(text));
    clauses_.push_back(std::move(clause));
  }
}

mode_t ModeChange::apply(mode_t mode) const {
  if (number_) return (mode & S_IFMT) | *number_;
  for (const Clause& clause : clauses_) {
    const mode_t bits = bits_of(clause.what, clause.who, mode);
    if (clause.operation == '=') mode &= ~(clause.who & mode_t{07777});
    mode = clause.operation == '-' ? mode & ~bits : mode | bits;
  }
  return mode;
}

void add_to_plan(const FileSource& source, const FoundFile& found, const std::string& target,
                 const CopyRules& rules, CopyPlan& plan) {
  Walk(source, rules, plan).add(found.path, target, found.info);
}

std::string content_digest(const FileSource& source, const CopyPlan& plan) {
  image::Sha256 sum;
  ParentDirectories parents(source.root.get());
  for (const CopyEntry& entry : plan.entries) {
    std::optional<ContentMemory::Digest> content;
    if (source.memory) content = source.memory->find(entry.info);
    if (!content) {
      content = inner_digest(parents.open(entry.source), last_name(entry.source), entry.info);
      if (source.memory) source.memory->learn(entry.info, *content);
    }
    sum.add(fmt::format("{} {} {:o} {} {} {} ", entry.target.size(), entry.target,
                        entry.info.st_mode, entry.info.st_uid, entry.info.st_gid,
                        entry.info.st_rdev));
    sum.add({content->data(), content->size()});
  }
  return sum.digest();
}

bool is_unchanged(const FileSource& source, const CopyPlan& plan) {
  ParentDirectories parents(source.root.get());
  try {
    return std::all_of(plan.entries.begin(), plan.entries.end(), [&](const CopyEntry& entry) {
      struct stat now {};
      if (::fstatat(parents.open(entry.source), last_name(entry.source).c_str(), &now,
                    AT_SYMLINK_NOFOLLOW) != 0)
        return false;
      return now.st_ino == entry.info.st_ino && now.st_size == entry.info.st_size &&
             same_time(now.st_mtim, entry.info.st_mtim) &&
             same_time(now.st_ctim, entry.info.st_ctim);
    });
  } catch (const Error&) {
    return false;
  }
}

void await_distinct_times(const CopyPlan& plan) {
  timespec newest{};
  for (const CopyEntry& entry : plan.entries) {
    const timespec& changed = entry.info.st_ctim;
    if (std::pair(changed.tv_sec, changed.tv_nsec) > std::pair(newest.tv_sec, newest.tv_nsec))
      newest = changed;
  }
  // File times move on with the kernel's tick, which takes 10 ms at most.
  constexpr std::int64_t patience = 20'000'000;
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const std::int64_t age =
      (now.tv_sec - newest.tv_sec) * std::int64_t{1'000'000'000} + now.tv_nsec - newest.tv_nsec;
  if (age < 0 || age >= patience) return;
  const timespec rest{0, patience - age};
  ::clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, nullptr);
}

}  // namespace stack::build
