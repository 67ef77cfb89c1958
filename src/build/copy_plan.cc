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

constexpr std::size_t npos = std::string_view::npos;
constexpr std::string_view operations = "+-=";

/// Of one part of a --chmod: only whose it is stands before the first operation.
bool has_operation(const std::string& part) {
  const std::size_t first = part.find_first_of(operations);
  return first != npos && part.substr(0, first).find_first_not_of("ugoa") == npos;
}

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

constexpr bool is_copied_class(char c) {
  return c == 'u' || c == 'g' || c == 'o';
}

/// What a class has now, for each class.
mode_t copied_bits(char from, mode_t mode) {
  const int place = from == 'u' ? 6 : from == 'g' ? 3 : 0;
  const mode_t bits = (mode >> place) & 07;
  return bits << 6 | bits << 3 | bits;
}

/// `original`: what X asks about.
mode_t bits_of(const std::string& what, mode_t who, mode_t mode, mode_t original) {
  mode_t bits = 0;
  for (const char c : what) {
    if (is_copied_class(c)) bits |= copied_bits(c, mode);
    if (c == 'r') bits |= 0444;
    if (c == 'w') bits |= 0222;
    if (c == 'x') bits |= 0111;
    if (c == 'X' && (S_ISDIR(original) || (original & 0111) != 0)) bits |= 0111;
    if (c == 's') bits |= S_ISUID | S_ISGID;
  }
  bits &= who;
  const bool has_sticky = what.find('t') != std::string::npos && (who & ~other_bits) != 0;
  return has_sticky ? bits | S_ISVTX : bits;
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
      const bool is_directory = S_ISDIR(info.st_mode);
      const bool left_out = source_.ignore.ignores(below) || rules_.excluded.ignores(copy);
      if (left_out && !(is_directory && may_hold_some(below, copy))) continue;
      const std::size_t before = plan_.entries.size();
      add(below, copy, info);
      // A directory that is left out is there only for what is not.
      if (left_out && plan_.entries.size() == before + 1) plan_.entries.pop_back();
    }
  }

  /// Of a directory that is left out: whether something in it is not.
  bool may_hold_some(const std::string& path, const std::string& copy) const {
    return (!source_.ignore.ignores(path) || source_.ignore.may_hold_exceptions(path)) &&
           (!rules_.excluded.ignores(copy) || rules_.excluded.may_hold_exceptions(copy));
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
ContentMemory::Digest inner_digest(int directory, const std::string& name, const struct stat& info,
                                   image::Attributes attributes) {
  std::string text;
  Fd content;
  if (S_ISREG(info.st_mode)) {
    content = open_content(directory, name);
    text = during(printable(name), [&] { return image::digest_of_rest(content.get()); });
  }
  if (S_ISLNK(info.st_mode)) text = read_link(directory, name);
  text = fmt::format("{} {}\n", text.size(), text);
  if (attributes == image::Attributes::kept)
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
  const bool is_well_formed = !text.empty() && text.find_first_not_of("ugoarwxXst+-=,") == npos;
  const auto parts = split(text, ',');
  if (!is_well_formed || !std::all_of(parts.begin(), parts.end(), has_operation))
    fail("invalid mode {}", stack::quoted(text));
  during(fmt::format("mode {}", stack::quoted(text)), [&] {
    for (const std::string& part : parts) add_clauses(part);
  });
}

/// "ug=r-x": whose, and operations on them.
void ModeChange::add_clauses(std::string_view part) {
  std::size_t at = part.find_first_of(operations);
  mode_t who = 0;
  for (const char c : part.substr(0, at)) who |= who_of(c);
  if (who == 0) who = who_of('a');
  while (at < part.size()) {
    const std::size_t end = std::min(part.find_first_of(operations, at + 1), part.size());
    const std::string_view what = part.substr(at + 1, end - at - 1);
    if (what.find('a') != npos) fail("\"a\" stands before +, - or =");
    // A copied class is an operation of its own: of "g=ur" the r is left.
    std::size_t begin = 0;
    for (std::size_t i = 0; i < what.size(); ++i) {
      if (!is_copied_class(what[i])) continue;
      if (i > begin)
        clauses_.push_back({who, part[at], std::string(what.substr(begin, i - begin))});
      clauses_.push_back({who, part[at], std::string(1, what[i])});
      begin = i + 1;
    }
    if (begin < what.size() || what.empty())
      clauses_.push_back({who, part[at], std::string(what.substr(begin))});
    at = end;
  }
}

mode_t ModeChange::apply(mode_t mode) const {
  if (number_) return (mode & S_IFMT) | *number_;
  const mode_t original = mode;
  for (const Clause& clause : clauses_) {
    const mode_t bits = bits_of(clause.what, clause.who, mode, original);
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
      content = inner_digest(parents.open(entry.source), last_name(entry.source), entry.info,
                             source.attributes);
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
