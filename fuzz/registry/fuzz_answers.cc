// SPDX-License-Identifier: Apache-2.0
// What servers say in headers, what stands in registries.conf and daemon.json, and addresses of
// proxies: refused, or read without harm. An address that is accepted must stay the same when it is
// written out and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "image/base64.h"
#include "registry/challenge.h"
#include "registry/credentials.h"
#include "registry/endpoint.h"
#include "registry/proxy.h"
#include "registry/registries_conf.h"
#include "registry/url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stack::registry;
  const std::string text(reinterpret_cast<const char*>(data), size);
  parse_challenges(text);
  stack::image::from_base64(text);
  try {
    const Url url = resolve({{"https", "h", 443}, "/v2/"}, text);
    if (!(parse_url(to_text(url)).origin == url.origin)) std::abort();
  } catch (const stack::Error&) {
  }
  try {
    RegistriesConf conf;
    read_registries_conf(text, conf);
    conf.rule_for("h/x");
  } catch (const stack::Error&) {
  }
  try {
    RegistriesConf conf;
    read_daemon_json(text, conf);
    without_alias(text, conf);
  } catch (const stack::Error&) {
  }
  try {
    is_without_proxy({"https", "10.1.2.3", 443}, text);
    is_without_proxy({"https", "fd00::1", 443}, text);
    const Proxy proxy = parse_proxy(text);
    if (proxy.authorization.find_first_of("\r\n") != std::string::npos) std::abort();
  } catch (const stack::Error&) {
  }
  return 0;
}
