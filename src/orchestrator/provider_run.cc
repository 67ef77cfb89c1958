// SPDX-License-Identifier: Apache-2.0
#include "orchestrator/provider_run.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "base/child.h"
#include "base/pipe.h"
#include "base/process.h"
#include "base/signal_mask.h"
#include "base/text.h"

namespace stack::orchestrator {
namespace {

constexpr std::size_t longest_line = 1 << 20;
constexpr std::size_t most_complaints = 4096;

void set_nonblocking(const Fd& fd) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return fmt::format("was ended by signal {}", WTERMSIG(status));
  return fmt::format("ended with code {}", exit_code_of(status));
}

}  // namespace

ProviderRun::ProviderRun(const Program& program, std::function<std::string()> config)
    : config_(std::move(config)) {
  Pipe input = make_pipe();
  Pipe output = make_pipe();
  Pipe errors = make_pipe();
  pid_ = spawn_program(program, {input.reading.get(), output.writing.get(), errors.writing.get()});
  process_ = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  input_ = std::move(input.writing);
  output_ = std::move(output.reading);
  errors_ = std::move(errors.reading);
  for (const Fd* end : {&input_, &output_, &errors_}) set_nonblocking(*end);
}

ProviderRun::~ProviderRun() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  await_end(pid_);
}

std::vector<pollfd> ProviderRun::awaited() const {
  std::vector<pollfd> all;
  if (output_) all.push_back({output_.get(), POLLIN, 0});
  if (errors_) all.push_back({errors_.get(), POLLIN, 0});
  if (input_ && !unsent_.empty()) all.push_back({input_.get(), POLLOUT, 0});
  // Its end counts when all that it had to say has been heard.
  if (!output_ && process_) all.push_back({process_.get(), POLLIN, 0});
  return all;
}

void ProviderRun::go_on() {
  if (errors_) hear(errors_.get(), complaints_, errors_);
  if (complaints_.size() > most_complaints)
    complaints_.erase(0, complaints_.size() - most_complaints);
  if (output_) hear(output_.get(), heard_, output_);
  take_lines();
  answer();
  if (!output_) check_end();
}

void ProviderRun::hear(int fd, std::string& into, Fd& end) {
  std::array<char, 65536> bytes;
  const ssize_t size = ::read(fd, bytes.data(), bytes.size());
  if (size > 0) into.append(bytes.data(), static_cast<std::size_t>(size));
  if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) end.reset();
}

/// What is behind the last end of a line counts when there will be no more.
void ProviderRun::take_lines() {
  for (;;) {
    const auto end = heard_.find('\n');
    if (end == std::string::npos && (output_ || heard_.empty())) break;
    const std::string line = heard_.substr(0, end);
    heard_.erase(0, end == std::string::npos ? end : end + 1);
    if (!trim(line).empty()) take(parse_provider_word(line));
  }
  if (heard_.size() > longest_line) fail("the provider's message has no end");
}

void ProviderRun::take(const ProviderWord& word) {
  switch (word.kind) {
    case ProviderWord::Kind::error:
      throw Error(word.text.empty() ? "the provider failed without a word" : word.text);
    case ProviderWord::Kind::info:
      news_ = word.text.substr(0, word.text.find('\n'));
      break;
    case ProviderWord::Kind::variable:
    case ProviderWord::Kind::raw_variable:
      note_variable(word, variables_);
      break;
    case ProviderWord::Kind::asks_for_config:
      unsent_ += config_() + "\n";
      break;
    case ProviderWord::Kind::debug:
      break;
  }
}

void ProviderRun::answer() {
  if (!input_ || unsent_.empty()) return;
  const WithoutSigpipe guard;  // one that ends without reading is no reason for us to end
  const ssize_t size = ::write(input_.get(), unsent_.data(), unsent_.size());
  if (size > 0) unsent_.erase(0, static_cast<std::size_t>(size));
  if (size < 0 && errno != EAGAIN && errno != EINTR) input_.reset();  // it does not listen
}

void ProviderRun::check_end() {
  pollfd end{process_.get(), POLLIN, 0};
  if (process_ && ::poll(&end, 1, 0) == 0) return;
  const auto status = await_end(std::exchange(pid_, -1));
  over_ = true;
  if (status && exit_code_of(*status) == 0) return;
  const auto said = trim(complaints_);
  fail("the provider {}{}{}", status ? how_it_ended(*status) : "cannot be waited for",
       said.empty() ? "" : ": ", said);
}

std::optional<std::string> ProviderRun::news() {
  return std::exchange(news_, std::nullopt);
}

}  // namespace stack::orchestrator
