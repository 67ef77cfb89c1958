// SPDX-License-Identifier: Apache-2.0
#include "base/inquiry.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <mutex>

#include "base/error.h"
#include "base/files.h"
#include "base/format.h"
#include "base/ids.h"
#include "base/text.h"

namespace stack {
namespace {

constexpr std::string_view absent = "-";
constexpr std::string_view failed = "!";

struct Notes {
  std::mutex guard;
  std::vector<Asked> asked;
  bool is_void = false;
};

std::atomic<Notes*> notes = nullptr;

std::string hash_of(std::string_view text, std::size_t count) {
  return fmt::format("{:x}:{}", stable_hash(text), count);
}

std::string answer_of_content(const std::optional<std::string>& content) {
  return content ? hash_of(*content, content->size()) : std::string(absent);
}

std::string answer_of_names(const std::vector<std::string>& names) {
  return hash_of(fmt::format("{}", fmt::join(names, "/")), names.size());
}

std::string yes_or_no(bool answer) {
  return answer ? "1" : "0";
}

/// Of "PID REST".
std::pair<pid_t, std::string> pid_and_rest(const std::string& subject) {
  const std::size_t space = subject.find(' ');
  if (space == std::string::npos) return {0, ""};
  return {parse_integer<pid_t>(subject.substr(0, space)).value_or(0), subject.substr(space + 1)};
}

/// What is no file any more is not waited for.
std::string content_of(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat info {};
  if (!file) return std::string(errno == ENOENT || errno == ENOTDIR ? absent : failed);
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return std::string(failed);
  return answer_of_content(read_all(file.get()));
}

std::string kind_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::string(absent);
  return fmt::format("{:o}", info.st_mode & S_IFMT);
}

std::string execute_bits_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::string(absent);
  return fmt::format("{:o}", info.st_mode & 0111U);
}

std::string file_behind(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return std::string(absent);
  return fmt::format("{}:{}", info.st_dev, info.st_ino);
}

std::string life_of(const std::string& subject) {
  const auto [pid, start] = pid_and_rest(subject);
  return yes_or_no(is_alive({pid, parse_integer<std::uint64_t>(start).value_or(0)}));
}

std::string run_of(const std::string& subject) {
  const auto [pid, name] = pid_and_rest(subject);
  return yes_or_no(is_running_as(pid, name));
}

std::string answer_of(Question question, const std::string& subject) {
  switch (question) {
    case Question::content:
      return content_of(subject);
    case Question::names:
      return answer_of_names(list_directory(subject));
    case Question::presence:
      return yes_or_no(exists(subject));
    case Question::kind:
      return kind_of(subject);
    case Question::execute_bits:
      return execute_bits_of(subject);
    case Question::file:
      return file_behind(subject);
    case Question::life:
      return life_of(subject);
    case Question::command:
      return run_of(subject);
  }
  return std::string(failed);
}

}  // namespace

std::string ask(Question question, const std::string& subject) {
  try {
    return answer_of(question, subject);
  } catch (const Error&) {
    return std::string(failed);
  }
}

Inquiry::Inquiry() {
  notes = new Notes;
}

Inquiry::~Inquiry() {
  delete notes.exchange(nullptr);
}

std::optional<std::vector<Asked>> Inquiry::asked() const {
  const std::lock_guard lock(notes.load()->guard);
  if (notes.load()->is_void) return std::nullopt;
  return notes.load()->asked;
}

Inquiry::Mark Inquiry::mark() const {
  const std::lock_guard lock(notes.load()->guard);
  return {notes.load()->asked.size(), notes.load()->is_void};
}

void Inquiry::back_to(const Mark& mark) {
  Notes& all = *notes.load();
  const std::lock_guard lock(all.guard);
  all.asked.erase(all.asked.begin() + static_cast<std::ptrdiff_t>(mark.count), all.asked.end());
  all.is_void = mark.is_void;
}

void note_asked(Question question, std::string_view subject, std::string_view answer) {
  Notes* const all = notes;
  if (all == nullptr) return;
  const std::lock_guard lock(all->guard);
  all->asked.push_back({question, std::string(subject), std::string(answer)});
}

void note_content(const std::filesystem::path& path, const std::optional<std::string>& content) {
  if (notes.load() == nullptr) return;
  note_asked(Question::content, path.native(), answer_of_content(content));
}

void note_names(const std::filesystem::path& path, const std::vector<std::string>& names) {
  if (notes.load() == nullptr) return;
  note_asked(Question::names, path.native(), answer_of_names(names));
}

void note_life(const ProcessIdentity& process, bool is_alive) {
  if (notes.load() == nullptr) return;
  note_asked(Question::life, fmt::format("{} {}", process.pid, process.start_time),
             yes_or_no(is_alive));
}

void note_command(pid_t pid, std::string_view name, bool runs) {
  if (notes.load() == nullptr) return;
  note_asked(Question::command, fmt::format("{} {}", pid, name), yes_or_no(runs));
}

void note_now(Question question, const std::string& subject) {
  if (notes.load() == nullptr) return;
  note_asked(question, subject, ask(question, subject));
}

void void_inquiry() {
  Notes* const all = notes;
  if (all == nullptr) return;
  const std::lock_guard lock(all->guard);
  all->is_void = true;
}

}  // namespace stack
