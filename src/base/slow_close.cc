// SPDX-License-Identifier: Apache-2.0
#include "base/slow_close.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <string>
#include <string_view>

#include "base/directory_stream.h"
#include "base/text.h"

namespace stack {
namespace {

constexpr std::size_t most_at_once = 250;  // SCM_MAX_FD is 253

/// Fills the queue of `receiver` with one message that holds `numbers`.
void enqueue(int sender, const std::vector<int>& numbers) {
  char byte = 0;
  iovec part{&byte, 1};
  const std::size_t size = numbers.size() * sizeof(int);
  std::vector<char> room(CMSG_SPACE(size));
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = room.data();
  header.msg_controllen = room.size();
  cmsghdr* const rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(size);
  std::memcpy(CMSG_DATA(rights), numbers.data(), size);
  ::sendmsg(sender, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool is_netlink(int descriptor) {
  int domain = 0;
  socklen_t size = sizeof domain;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 &&
         domain == AF_NETLINK;
}

bool is_inotify(int descriptor) {
  std::array<char, PATH_MAX> target;
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
  return length > 0 &&
         std::string_view(target.data(), static_cast<std::size_t>(length)) == "anon_inode:inotify";
}

std::vector<int> open_descriptors() {
  std::vector<int> numbers;
  const DirectoryStream list(::opendir("/proc/self/fd"));
  while (const dirent* const entry = list ? ::readdir(list.get()) : nullptr)
    if (const auto number = parse_integer<int>(entry->d_name)) numbers.push_back(*number);
  return numbers;
}

}  // namespace

void close_in_background(std::vector<Fd> descriptors) {
  std::array<int, 2> ends{};
  while (!descriptors.empty()) {
    if (::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return;
    const Fd sender(ends[0]);  // closed last: that is when the kernel looks for garbage
    const Fd receiver(ends[1]);
    const std::size_t count = std::min(descriptors.size(), most_at_once);
    std::vector<int> numbers{receiver.get()};
    for (std::size_t i = 0; i < count; ++i) numbers.push_back(descriptors[i].get());
    enqueue(sender.get(), numbers);
    descriptors.erase(descriptors.begin(),
                      descriptors.begin() + static_cast<std::ptrdiff_t>(count));
  }
}

void leave_slow_descriptors() {
  std::vector<Fd> slow;
  for (const int number : open_descriptors())
    if (is_netlink(number) || is_inotify(number)) slow.emplace_back(number);
  close_in_background(std::move(slow));
}

}  // namespace stack
