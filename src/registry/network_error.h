// SPDX-License-Identifier: Apache-2.0
// Failures that lie between us and a server.
#pragma once

#include <string>
#include <utility>

#include "base/error.h"

namespace stack::registry {

/// It may be over at the next try.
class NetworkError : public Error {
 public:
  explicit NetworkError(std::string message, int error_number = 0)
      : Error(std::move(message), error_number) {}
};

/// The server speaks, but not TLS.
class NoTls : public NetworkError {
 public:
  using NetworkError::NetworkError;
};

/// The server's certificate is not good: as far from us as one that is down.
class NoTrust : public Error {
 public:
  using Error::Error;
};

/// The server's answer is not one of success.
class Refusal : public Error {
 public:
  Refusal(std::string message, int status) : Error(std::move(message)), status_(status) {}
  int status() const { return status_; }

 private:
  int status_;
};

}  // namespace stack::registry
