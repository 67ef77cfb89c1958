// SPDX-License-Identifier: Apache-2.0
#include "network/nftables.h"

#include <fcntl.h>
#include <linux/netfilter/nf_tables.h>
#include <malloc.h>
#include <nftables/libnftables.h>
#include <sys/select.h>

#include <memory>
#include <vector>

#include "base/dynamic_library.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/text.h"

namespace stack::network {
namespace {

/// The functions of libnftables(3) that are used here.
struct Library {
  DynamicLibrary file{"libnftables.so.1", "libnftables1"};
  decltype(nft_ctx_new)* make = file.function<decltype(nft_ctx_new)>("nft_ctx_new");
  decltype(nft_ctx_free)* free = file.function<decltype(nft_ctx_free)>("nft_ctx_free");
  decltype(nft_ctx_buffer_error)* buffer_error =
      file.function<decltype(nft_ctx_buffer_error)>("nft_ctx_buffer_error");
  decltype(nft_ctx_get_error_buffer)* errors =
      file.function<decltype(nft_ctx_get_error_buffer)>("nft_ctx_get_error_buffer");
  decltype(nft_run_cmd_from_buffer)* run =
      file.function<decltype(nft_run_cmd_from_buffer)>("nft_run_cmd_from_buffer");
};

const Library& library() {
  static const Library loaded;
  return loaded;
}

using NftContext = std::unique_ptr<nft_ctx, decltype(nft_ctx_free)*>;

/// Closing a netlink socket waits until the kernel has taken apart what transactions left behind:
/// an RCU period of 15 ms. So it is not done while somebody waits for us.
struct Retired {
  std::vector<NftContext> contexts;
  std::vector<NetlinkSocket> sockets;
};

Retired& retired() {
  static Retired all;
  return all;
}

constexpr std::size_t most_retired = 64;

/// libnftables waits with select(2), which knows no descriptor of FD_SETSIZE or more, and a stack
/// may have more than that open. So numbers for its sockets are held from the beginning.
class LowNumbers {
 public:
  LowNumbers() { refill(); }

  /// The next descriptor that is opened gets a low number.
  void give_one() {
    if (!held_.empty()) held_.pop_back();
  }
  /// Takes numbers back that are free again.
  void refill() {
    const Fd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    while (null && held_.size() < most_retired + 2) {
      Fd number(::fcntl(null.get(), F_DUPFD_CLOEXEC, first_));
      if (!number || number.get() >= FD_SETSIZE) return;
      held_.push_back(std::move(number));
    }
  }

 private:
  /// Above the numbers that keeper and supervisor agree on.
  static constexpr int first_ = 32;
  std::vector<Fd> held_;
};

LowNumbers& low_numbers() {
  static LowNumbers numbers;
  return numbers;
}

nft_ctx* new_context() {
  low_numbers().give_one();
  return library().make(NFT_CTX_DEFAULT);
}

void free_retired() {
  retired().contexts.clear();
  retired().sockets.clear();
  low_numbers().refill();
}

void make_room() {
  if (retired().contexts.size() + retired().sockets.size() >= most_retired) free_retired();
}

/// A context's netlink socket belongs to the namespace that it was made in, and it remembers what
/// it saw there: one for each use (60 us) instead of one kept.
class Context {
 public:
  Context() : context_(new_context(), library().free) {
    if (!context_) fail("libnftables: no context");
    library().buffer_error(context_.get());
  }

  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context() {
    make_room();
    if (context_) retired().contexts.push_back(std::move(context_));
  }

  void run(const std::string& script) {
    if (library().run(context_.get(), script.c_str()) == 0) return;
    const char* words = library().errors(context_.get());
    fail("nft: {}", trim(words != nullptr ? words : "failed"));
  }

 private:
  NftContext context_;
};

}  // namespace

void run_nft(const std::string& script) {
  Context().run(script);
}

void hold_nft_numbers() {
  low_numbers();
}

void close_nft_sockets() {
  if (retired().contexts.empty() && retired().sockets.empty()) return;
  free_retired();
  ::malloc_trim(0);  // each had a copy of what it saw; every later clone would copy its page tables
}

void add_nft_request(Batch& transaction, int message, int flags, std::uint8_t family,
                     std::string attempt, const std::function<void(nlmsghdr*)>& write) {
  transaction.add(nft_message(message), static_cast<std::uint16_t>(flags), std::move(attempt),
                  [&](nlmsghdr* m) {
                    put_header(m, nfgenmsg{family, NFNETLINK_V0, 0});
                    write(m);
                  });
}

void run_nft_messages(const Batch& transaction) {
  NetlinkSocket socket(NETLINK_NETFILTER);
  socket.execute(transaction);
  make_room();
  retired().sockets.push_back(std::move(socket));
}

namespace {

void request_table(Batch& transaction, int message, int flags, std::uint8_t family,
                   const std::string& table) {
  add_nft_request(transaction, message, flags, family, "table " + table,
                  [&](nlmsghdr* m) { mnl_attr_put_strz(m, NFTA_TABLE_NAME, table.c_str()); });
}

}  // namespace

// Made first, so that deleting one that is missing succeeds.
void remove_table(Batch& transaction, std::uint8_t family, const std::string& table) {
  request_table(transaction, NFT_MSG_NEWTABLE, NLM_F_CREATE, family, table);
  request_table(transaction, NFT_MSG_DELTABLE, 0, family, table);
}

void renew_table(Batch& transaction, std::uint8_t family, const std::string& table) {
  remove_table(transaction, family, table);
  request_table(transaction, NFT_MSG_NEWTABLE, NLM_F_CREATE, family, table);
}

}  // namespace stack::network
