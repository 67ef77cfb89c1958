// SPDX-License-Identifier: Apache-2.0
// Whom we believe, and who we are: the system's authorities, and for a registry what lies in its
// directories: docker's and containers' certs.d/HOST, where *.crt are authorities and NAME.cert
// with NAME.key is a certificate of ours.
#pragma once

#include <string>

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace stack::registry {

struct TlsSetup {
  std::string registry = {};           ///< whose directories are looked into; may be empty
  bool shows_own_certificate = false;  ///< to a server that asks for one
  bool accepts_any = false;            ///< "insecure": the certificate is not checked
};

/// Prepares `context`. Throws Error for files that cannot be used.
void use_certificates(ssl_ctx_st* context, const TlsSetup& setup);

/// Throws what is to be said of a server whose certificate is not good; `verdict` is OpenSSL's.
[[noreturn]] void refuse_certificate(long verdict, const TlsSetup& setup);

/// Where a user would put a file for the registry.
std::string place_of_certificates(const std::string& registry);

}  // namespace stack::registry
