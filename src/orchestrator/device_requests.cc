// SPDX-License-Identifier: Apache-2.0
// `gpus` and deploy.resources.reservations.devices as names of CDI devices.
#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"
#include "orchestrator/cdi.h"
#include "spec/short_forms.h"

namespace stack::orchestrator {
namespace {

/// Whose graphics processors there are, in the order in which they are looked for when a request
/// names no driver, and what writes their specification.
struct Vendor {
  std::string_view driver;
  std::string_view kind;
  std::string_view cure;
};
constexpr std::array<Vendor, 2> vendors = {{
    {"nvidia", "nvidia.com/gpu",
     "install nvidia-container-toolkit and run `nvidia-ctk cdi generate "
     "--output=/etc/cdi/nvidia.yaml`"},
    {"amd", "amd.com/gpu",
     "install amd-container-toolkit and run `amd-ctk cdi generate --output=/etc/cdi/amd.json`"},
}};

bool has_kind(const CdiRegistry& registry, std::string_view kind) {
  return std::ranges::any_of(registry.specs,
                             [&](const CdiSpec& spec) { return spec.kind == kind; });
}

/// "gpu", and what drivers of graphics processors say they can do besides.
void check_capabilities(const spec::DeviceRequest& request) {
  constexpr std::array<std::string_view, 10> known = {"gpu",      "nvidia",   "amd",     "compute",
                                                      "compat32", "graphics", "utility", "video",
                                                      "display",  "ngx"};
  for (const std::string& capability : request.capabilities) {
    if (std::ranges::find(known, capability) != known.end()) continue;
    throw Error(fmt::format("no driver has devices that can do \"{}\"", printable(capability)))
        .with_hint(
            "`capabilities: [gpu]` are found; name others as `devices: [VENDOR/CLASS=NAME]`");
  }
}

const Vendor& vendor_of(const spec::DeviceRequest& request, const CdiRegistry& registry) {
  if (!request.driver.empty()) {
    const auto named = std::ranges::find(vendors, request.driver, &Vendor::driver);
    if (named != vendors.end()) return *named;
    throw Error(fmt::format("there is no driver \"{}\"", printable(request.driver)))
        .with_hint("there are nvidia, amd and cdi");
  }
  const auto there = std::ranges::find_if(
      vendors, [&](const Vendor& vendor) { return has_kind(registry, vendor.kind); });
  return there == vendors.end() ? vendors.front() : *there;
}

/// Names that stand for one processor each: their numbers, else whatever there is but "all".
std::vector<std::string> single_devices(const CdiRegistry& registry, std::string_view kind) {
  std::vector<std::string> numbers, names;
  for (const CdiSpec& spec : registry.specs) {
    if (spec.kind != kind) continue;
    for (const auto& [name, edits] : spec.devices) {
      if (name == "all") continue;
      (parse_integer<unsigned>(name) ? numbers : names).push_back(name);
    }
  }
  auto& list = numbers.empty() ? names : numbers;
  std::ranges::sort(list, [](const std::string& a, const std::string& b) {
    return std::pair(a.size(), a) < std::pair(b.size(), b);
  });
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return list;
}

bool has_device(const CdiRegistry& registry, std::string_view kind, const std::string& name) {
  return std::ranges::any_of(registry.specs, [&](const CdiSpec& spec) {
    return spec.kind == kind && spec.devices.contains(name);
  });
}

std::vector<std::string> counted(const spec::DeviceRequest& request, const CdiRegistry& registry,
                                 std::string_view kind) {
  const std::int64_t count = request.count.value_or(-1);
  if (count < 0 && has_device(registry, kind, "all")) return {"all"};
  auto devices = single_devices(registry, kind);
  if (count < 0) return devices;
  if (static_cast<std::size_t>(count) > devices.size())
    throw Error(fmt::format("{} devices of kind {} are asked for, and there are {}", count, kind,
                            devices.size()));
  devices.resize(static_cast<std::size_t>(count));
  return devices;
}

/// Driver "cdi": the ids are whole names.
std::vector<std::string> named(const spec::DeviceRequest& request) {
  for (const std::string& name : request.device_ids) {
    if (!spec::is_cdi_name(name))
      fail("\"{}\" is not a CDI name, VENDOR/CLASS=NAME", printable(name));
  }
  if (request.device_ids.empty())
    throw Error("the driver cdi wants `device_ids`").with_hint("of the form VENDOR/CLASS=NAME");
  return request.device_ids;
}

}  // namespace

std::vector<std::string> requested_devices(const spec::DeviceRequest& request,
                                           const CdiRegistry& registry) {
  if (request.driver == "cdi") return named(request);
  check_capabilities(request);
  const Vendor& vendor = vendor_of(request, registry);
  if (!has_kind(registry, vendor.kind)) {
    std::string hint(vendor.cure);
    for (const std::string& why : registry.broken) hint += "; not understood: " + why;
    throw Error(fmt::format("asks for graphics processors, but no CDI specification has {}",
                            request.driver.empty() ? "any (nvidia.com/gpu or amd.com/gpu)"
                                                   : std::string(vendor.kind)))
        .with_hint(std::move(hint));
  }
  const auto names =
      request.device_ids.empty() ? counted(request, registry, vendor.kind) : request.device_ids;
  std::vector<std::string> devices;
  for (const std::string& name : names)
    devices.push_back(spec::is_cdi_name(name) ? name : fmt::format("{}={}", vendor.kind, name));
  return devices;
}

}  // namespace stack::orchestrator
