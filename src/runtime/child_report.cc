// SPDX-License-Identifier: Apache-2.0
#include "runtime/child_report.h"

#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace stack::runtime {
namespace {

// Nobody but the parent of a half-made container sees this code; the reason travels by socket.
constexpr int half_made = 125;

void send_message(int socket, const ChildFailure& message, int descriptor) {
  ChildFailure copy = message;
  iovec data{&copy, sizeof copy};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  if (descriptor >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &descriptor, sizeof descriptor);
  }
  // A parent that is gone must not stop a released container: no SIGPIPE, no error.
  while (::sendmsg(socket, &header, MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

}  // namespace

std::int64_t monotonic_time() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void ChildMarks::note(ChildStage stage, std::uint32_t item) {
  const std::size_t at = std::min<std::size_t>(count, marks.size() - 1);
  marks[at] = {monotonic_time(), stage, item};
  count = static_cast<std::uint32_t>(at + 1);
}

ChildReport::ChildReport(int socket, ChildMarks* marks) : socket_(socket), marks_(marks) {
  if (marks_ != nullptr) marks_->born = monotonic_time();
}

void ChildReport::require(ChildStage stage, int error, std::uint32_t item) const {
  require(ChildFailure{stage, error, item});
}

void ChildReport::require(const ChildFailure& failure) const {
  if (!failure.failed()) {
    if (marks_ != nullptr) marks_->note(failure.stage, failure.item);
    return;
  }
  // Of all calls the one that filters let through most often.
  while (::write(socket_, &failure, sizeof failure) < 0 && errno == EINTR) {
  }
  ::_exit(half_made);
}

void ChildReport::await_release() const {
  char word = 0;
  ssize_t got = 0;
  do {
    got = ::recv(socket_, &word, sizeof word, 0);
  } while (got < 0 && errno == EINTR);
  if (got != 1) ::_exit(half_made);
  if (marks_ != nullptr) marks_->note(ChildStage::release, 0);
}

void ChildReport::announce_exec(int descriptor) const {
  send_message(socket_, ChildFailure{ChildStage::executing, 0, 0}, descriptor);
}

void ChildReport::begin_exec() const {
  if (marks_ != nullptr) marks_->note(ChildStage::executing, 0);
}

}  // namespace stack::runtime
