// SPDX-License-Identifier: Apache-2.0
// What a computation asks of the machine, with the answers: while those are the same, so is what it
// computed, and it need not be done again. The answers are kept themselves (of contents a hash),
// not the times of files: those say nothing on some file systems, and too little on any.
//
// What goes through files.h and process.h is noted there. Whatever else is asked must be noted by
// who asks it, or void the inquiry (`void_inquiry()`), as all that changes something does.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"

namespace stack {

enum class Question : char {
  content = 'c',       ///< of a file: its hash and size
  names = 'n',         ///< of what is in a directory: their hash and number
  presence = 'e',      ///< is there something of that name (lstat(2))?
  kind = 'k',          ///< S_IFMT of what is behind a path
  execute_bits = 'x',  ///< of the mode of what is behind a path
  file = 'f',          ///< device and inode of what is behind a path
  life = 'l',          ///< "PID START": is it alive?
  command = 'm',       ///< "PID NAME": does it run, under that name?
};

struct Asked {
  Question question;
  std::string subject;
  std::string answer;
  bool operator==(const Asked&) const = default;
};

/// The answer of now. Never throws: what cannot be asked has an answer of its own.
std::string ask(Question question, const std::string& subject);

/// Notes, from its making to its end, what this process asks, on whichever thread. There is at most
/// one at a time.
class Inquiry {
 public:
  Inquiry();
  ~Inquiry();
  Inquiry(const Inquiry&) = delete;
  Inquiry& operator=(const Inquiry&) = delete;

  struct Mark {
    std::size_t count = 0;
    bool is_void = false;
  };

  /// What was asked until now; nothing when not all of it can be asked again.
  std::optional<std::vector<Asked>> asked() const;
  Mark mark() const;
  /// Forgets all that was asked since, and that it was voided since.
  void back_to(const Mark& mark);
};

/// Of one that goes on; else they cost a look at a pointer.
void note_asked(Question question, std::string_view subject, std::string_view answer);
void note_content(const std::filesystem::path& path, const std::optional<std::string>& content);
void note_names(const std::filesystem::path& path, const std::vector<std::string>& names);
void note_life(const ProcessIdentity& process, bool is_alive);
void note_command(pid_t pid, std::string_view name, bool runs);
/// Asks it, and notes the answer.
void note_now(Question question, const std::string& subject);
/// Something was asked that cannot be asked again, or changed.
void void_inquiry();

}  // namespace stack
