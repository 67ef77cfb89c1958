// SPDX-License-Identifier: Apache-2.0
#include "registry/certificates.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "base/error.h"
#include "base/files.h"
#include "base/text.h"
#include "registry/network_error.h"

namespace stack::registry {
namespace {

namespace fs = std::filesystem;

/// The last one has the last word on which certificate is ours.
std::vector<fs::path> directories_of(const std::string& registry) {
  std::vector<fs::path> directories = {fs::path("/etc/containers/certs.d") / registry,
                                       fs::path("/etc/docker/certs.d") / registry};
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0')
    directories.push_back(fs::path(home) / ".config/containers/certs.d" / registry);
  return directories;
}

std::string last_problem() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* text = code == 0 ? nullptr : ERR_reason_error_string(code);
  return text == nullptr ? "it cannot be used" : text;
}

void add_authority(SSL_CTX* context, const fs::path& path) {
  if (SSL_CTX_load_verify_locations(context, path.c_str(), nullptr) != 1)
    fail("{}: {}", path.native(), last_problem());
}

void add_own_certificate(SSL_CTX* context, const fs::path& path) {
  const fs::path key = fs::path(path).replace_extension(".key");
  if (!stack::exists(key))
    throw Error(fmt::format("{} has no {} beside it", path.native(), key.filename().native()))
        .with_hint("the certificate of an authority is called *.crt");
  if (SSL_CTX_use_certificate_chain_file(context, path.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1)
    fail("{} with {}: {}", path.native(), key.filename().native(), last_problem());
}

/// The cure.
std::string hint_for(long verdict, const std::string& registry) {
  switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the server needs a new one, or the clock of this machine is wrong";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "use a name that the certificate is for, or have one made for this name";
    default:
      break;
  }
  const std::string authority = "put the certificate of its authority ";
  return registry.empty() ? authority + "among those that this machine trusts"
                          : authority + "into " + place_of_certificates(registry) + "/ca.crt";
}

}  // namespace

void use_certificates(SSL_CTX* context, const TlsSetup& setup) {
  SSL_CTX_set_default_verify_paths(context);
  SSL_CTX_set_verify(context, setup.accepts_any ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  if (setup.registry.empty()) return;
  for (const fs::path& directory : directories_of(setup.registry)) {
    for (const std::string& name : list_directory(directory)) {
      if (name.ends_with(".crt")) add_authority(context, directory / name);
      if (name.ends_with(".cert") && setup.shows_own_certificate)
        add_own_certificate(context, directory / name);
    }
  }
}

void refuse_certificate(long verdict, const TlsSetup& setup) {
  NoTrust refusal(
      fmt::format("the server's certificate: {}", X509_verify_cert_error_string(verdict)));
  refusal.with_hint(hint_for(verdict, setup.registry));
  throw refusal;
}

std::string place_of_certificates(const std::string& registry) {
  return "/etc/docker/certs.d/" + printable(registry);
}

}  // namespace stack::registry
