// SPDX-License-Identifier: Apache-2.0
#include "supervisor/protocol.h"

#include <array>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "supervisor/network_json.h"
#include "supervisor/process_json.h"

namespace stack::supervisor {
namespace {

using nlohmann::json;

constexpr std::size_t header_size = 4;
constexpr std::array<std::string_view, 6> condition_names{"running", "healthy", "completed",
                                                          "settled", "ended",   "up"};

json to_object(const CreateNetwork& request) {
  return {{"do", "create-network"}, {"config", request.config}};
}
json to_object(const RemoveNetwork& request) {
  return {{"do", "remove-network"}, {"name", request.name}};
}
/// As hexadecimal text: a secret may be any bytes.
void add_secrets(json& object, const std::map<std::size_t, std::string>& secrets) {
  for (const auto& [index, text] : secrets) object["secrets"][std::to_string(index)] = to_hex(text);
}
json to_object(const CreateContainer& request) {
  json object{{"do", "create-container"}, {"config", request.config}};
  add_secrets(object, request.secrets);
  return object;
}
json to_object(const UpdateContainer& request) {
  json object{{"do", "update-container"},
              {"config", request.config},
              {"texts_at_once", request.texts == UpdateContainer::Texts::at_once}};
  add_secrets(object, request.secrets);
  return object;
}
json to_object(const StartContainer& request) {
  return {{"do", "start-container"}, {"container", request.id}};
}
json to_object(const StopContainer& request) {
  json object{{"do", "stop-container"}, {"container", request.id}};
  if (request.grace) object["grace"] = request.grace->count();
  return object;
}
json to_object(const RemoveContainer& request) {
  return {{"do", "remove-container"}, {"container", request.id}};
}
json to_object(const SetContainerAside& request) {
  using Addresses = SetContainerAside::Addresses;
  return {{"do", "set-container-aside"},
          {"container", request.id},
          {"keep_addresses", request.addresses == Addresses::kept},
          {"give_up_addresses", request.addresses == Addresses::given_up},
          {"successor", request.successor}};
}
json to_object(const BringContainerBack& request) {
  return {{"do", "bring-container-back"}, {"container", request.id}};
}
json to_object(const RenameContainer& request) {
  return {{"do", "rename-container"}, {"container", request.id}, {"name", request.name}};
}
json to_object(const SignalContainer& request) {
  return {{"do", "signal-container"}, {"container", request.id}, {"signal", request.signal}};
}
json to_object(const PauseContainer& request) {
  return {{"do", "pause-container"},
          {"container", request.id},
          {"until_client_gone", request.until == PauseContainer::Until::client_gone}};
}
json to_object(const UnpauseContainer& request) {
  return {{"do", "unpause-container"}, {"container", request.id}};
}
/// As hexadecimal text: what people type may be any bytes.
json to_object(const WriteInput& request) {
  json object = {{"do", "write-input"}, {"container", request.id}, {"hex", to_hex(request.bytes)}};
  if (request.last) object["last"] = true;
  return object;
}
json to_object(const ResizeTerminal& request) {
  return {{"do", "resize-terminal"},
          {"container", request.id},
          {"rows", request.rows},
          {"columns", request.columns}};
}
/// The deadline in nanoseconds of CLOCK_MONOTONIC, which both sides share.
json to_object(const Await& request) {
  json object{{"do", "await"},
              {"container", request.id},
              {"condition", condition_names.at(static_cast<std::size_t>(request.condition))}};
  if (request.deadline)
    object["deadline"] = std::chrono::nanoseconds(request.deadline->time_since_epoch()).count();
  if (request.monitor.count() > 0) object["monitor"] = request.monitor.count();
  if (request.bearable_failures) object["bearable_failures"] = *request.bearable_failures;
  return object;
}
json to_object(const ConnectContainer& request) {
  return {{"do", "connect-container"}, {"container", request.id}, {"endpoint", request.endpoint}};
}
json to_object(const DisconnectContainer& request) {
  return {{"do", "disconnect-container"}, {"container", request.id}, {"network", request.network}};
}
json to_object(const LeaseGuest& request) {
  return {{"do", "lease-guest"}, {"guest", request.guest}, {"endpoint", request.endpoint}};
}
json to_object(const PlugGuest& request) {
  return {{"do", "plug-guest"},
          {"guest", request.guest},
          {"container_id", request.container_id},
          {"pid", request.process.pid},
          {"start_time", request.process.start_time},
          {"names", request.names},
          {"endpoint", request.endpoint}};
}
json to_object(const RenameGuest& request) {
  return {{"do", "rename-guest"},
          {"guest", request.guest},
          {"network", request.network},
          {"name", request.name}};
}
json to_object(const ReleaseGuest& request) {
  return {{"do", "release-guest"}, {"guest", request.guest}, {"network", request.network}};
}
json to_object(const JoinProcess& request) {
  return {{"do", "join-process"},
          {"network", request.network},
          {"container_id", request.container_id},
          {"pid", request.process.pid},
          {"start_time", request.process.start_time}};
}
json to_object(const Shutdown&) {
  return {{"do", "shutdown"}};
}

/// The bytes of a hexadecimal member. Throws Error when it is none.
std::string bytes_from(const json& in) {
  auto bytes = from_hex(in.get_ref<const std::string&>());
  if (!bytes) fail("malformed bytes on the control socket");
  return std::move(*bytes);
}

std::map<std::size_t, std::string> secrets_from(const json& in) {
  std::map<std::size_t, std::string> secrets;
  if (!in.contains("secrets")) return secrets;
  for (const auto& [index, text] : in["secrets"].items()) {
    const auto number = parse_integer<std::size_t>(index);
    if (!number) fail("malformed secret on the control socket");
    secrets[*number] = bytes_from(text);
  }
  return secrets;
}

CreateContainer create_from(const json& in) {
  return {in.at("config").get<ContainerConfig>(), secrets_from(in)};
}

UpdateContainer update_from(const json& in) {
  using Texts = UpdateContainer::Texts;
  return {in.at("config").get<ContainerConfig>(), secrets_from(in),
          in.at("texts_at_once").get<bool>() ? Texts::at_once : Texts::for_next_start};
}

WriteInput input_from(const json& in) {
  return {in.at("container").get<std::string>(), bytes_from(in.at("hex")), in.value("last", false)};
}

StopContainer stop_from(const json& in) {
  StopContainer request{in.at("container").get<std::string>(), std::nullopt};
  if (in.contains("grace"))
    request.grace = std::chrono::nanoseconds(in["grace"].get<std::int64_t>());
  return request;
}

PauseContainer pause_from(const json& in) {
  using Until = PauseContainer::Until;
  const bool bound = in.value("until_client_gone", false);
  return {in.at("container").get<std::string>(), bound ? Until::client_gone : Until::unpaused};
}

SetContainerAside aside_from(const json& in) {
  using Addresses = SetContainerAside::Addresses;
  SetContainerAside request{in.at("container").get<std::string>()};
  if (in.at("keep_addresses").get<bool>()) request.addresses = Addresses::kept;
  if (in.value("give_up_addresses", false)) request.addresses = Addresses::given_up;
  request.successor = in.value("successor", "");
  return request;
}

PlugGuest plug_from(const json& in) {
  PlugGuest request;
  in.at("guest").get_to(request.guest);
  in.at("container_id").get_to(request.container_id);
  request.process = process_from(in);
  in.at("names").get_to(request.names);
  in.at("endpoint").get_to(request.endpoint);
  return request;
}

JoinProcess join_from(const json& in) {
  return {in.at("network").get<std::string>(), in.at("container_id").get<std::string>(),
          process_from(in)};
}

AwaitedCondition condition_from(std::string_view name) {
  for (std::size_t i = 0; i < condition_names.size(); ++i)
    if (condition_names.at(i) == name) return static_cast<AwaitedCondition>(i);
  fail("unknown condition \"{}\"", name);
}

Await await_from(const json& in) {
  Await request{in.at("container").get<std::string>(),
                condition_from(in.at("condition").get<std::string>())};
  if (in.contains("deadline"))
    request.deadline = std::chrono::steady_clock::time_point(
        std::chrono::nanoseconds(in["deadline"].get<std::int64_t>()));
  request.monitor = std::chrono::nanoseconds(in.value("monitor", std::int64_t{0}));
  if (in.contains("bearable_failures"))
    request.bearable_failures = in["bearable_failures"].get<std::uint64_t>();
  return request;
}

Request request_from(const json& in) {
  const std::string what = in.at("do").get<std::string>();
  if (what == "create-network") return CreateNetwork{in.at("config").get<NetworkConfig>()};
  if (what == "remove-network") return RemoveNetwork{in.at("name").get<std::string>()};
  if (what == "create-container") return create_from(in);
  if (what == "update-container") return update_from(in);
  if (what == "start-container") return StartContainer{in.at("container").get<std::string>()};
  if (what == "stop-container") return stop_from(in);
  if (what == "remove-container") return RemoveContainer{in.at("container").get<std::string>()};
  if (what == "set-container-aside") return aside_from(in);
  if (what == "bring-container-back")
    return BringContainerBack{in.at("container").get<std::string>()};
  if (what == "rename-container")
    return RenameContainer{in.at("container").get<std::string>(), in.at("name").get<std::string>()};
  if (what == "signal-container")
    return SignalContainer{in.at("container").get<std::string>(), in.at("signal").get<int>()};
  if (what == "pause-container") return pause_from(in);
  if (what == "unpause-container") return UnpauseContainer{in.at("container").get<std::string>()};
  if (what == "write-input") return input_from(in);
  if (what == "resize-terminal") {
    return ResizeTerminal{in.at("container").get<std::string>(), in.at("rows").get<std::uint16_t>(),
                          in.at("columns").get<std::uint16_t>()};
  }
  if (what == "await") return await_from(in);
  if (what == "connect-container")
    return ConnectContainer{in.at("container").get<std::string>(),
                            in.at("endpoint").get<Endpoint>()};
  if (what == "disconnect-container")
    return DisconnectContainer{in.at("container").get<std::string>(),
                               in.at("network").get<std::string>()};
  if (what == "lease-guest")
    return LeaseGuest{in.at("guest").get<std::string>(), in.at("endpoint").get<Endpoint>()};
  if (what == "plug-guest") return plug_from(in);
  if (what == "rename-guest")
    return RenameGuest{in.at("guest").get<std::string>(), in.at("network").get<std::string>(),
                       in.at("name").get<std::string>()};
  if (what == "release-guest")
    return ReleaseGuest{in.at("guest").get<std::string>(), in.at("network").get<std::string>()};
  if (what == "join-process") return join_from(in);
  if (what == "shutdown") return Shutdown{};
  fail("unknown request \"{}\"", what);
}

std::string dump(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Runs `decode` on the parsed message; the library's own exceptions become Error.
template <typename Decode>
auto decoding(std::string_view message, Decode decode) {
  try {
    return decode(json::parse(message));
  } catch (const json::exception& error) {
    fail("malformed message on the control socket: {}", error.what());
  }
}

/// [ROW, NAME, BEGIN, END], in nanoseconds of CLOCK_MONOTONIC.
json spans_array(const Spans& spans) {
  const auto nanoseconds = [](SpanClock::time_point time) {
    return std::chrono::nanoseconds(time.time_since_epoch()).count();
  };
  json array = json::array();
  for (const Span& span : spans)
    array.push_back({span.row, span.name, nanoseconds(span.begin), nanoseconds(span.end)});
  return array;
}

Spans spans_from(const json& in) {
  const auto time = [](const json& nanoseconds) {
    return SpanClock::time_point(std::chrono::nanoseconds(nanoseconds.get<std::int64_t>()));
  };
  Spans spans;
  for (const json& each : in)
    spans.push_back({each.at(0).get<std::string>(), each.at(1).get<std::string>(), time(each.at(2)),
                     time(each.at(3))});
  return spans;
}

json error_object(const Error& error) {
  return {{"text", error.what()},
          {"hint", error.hint()},
          {"exit_code", static_cast<int>(error.exit_code())}};
}

/// The errno is part of the text already.
Error error_from(const json& in) {
  Error error(in.at("text").get<std::string>());
  const auto hint = in.at("hint").get<std::string>();
  if (!hint.empty()) error.with_hint(hint);
  error.with_exit_code(static_cast<ExitCode>(in.at("exit_code").get<int>()));
  return error;
}

}  // namespace

std::string frame(std::string_view message) {
  if (message.size() > largest_message) fail("message of {} bytes is too large", message.size());
  const auto size = static_cast<std::uint32_t>(message.size());
  std::string bytes;
  bytes.reserve(header_size + message.size());
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<char>(size >> shift & 0xffU));
  return bytes.append(message);
}

std::optional<std::string> FrameSplitter::next() {
  if (buffer_.size() < header_size) return std::nullopt;
  std::size_t size = 0;
  for (std::size_t i = 0; i < header_size; ++i)
    size = size << 8 | static_cast<unsigned char>(buffer_[i]);
  if (size > largest_message) fail("message of {} bytes is too large", size);
  if (buffer_.size() < header_size + size) return std::nullopt;
  std::string message = buffer_.substr(header_size, size);
  buffer_.erase(0, header_size + size);
  return message;
}

std::string encode_hello() {
  return dump({{"hello", protocol_version}});
}

void check_hello(std::string_view message) {
  const int version = decoding(message, [](const json& in) { return in.at("hello").get<int>(); });
  if (version == protocol_version) return;
  throw Error(fmt::format("the running supervisor speaks protocol {}, this program {}", version,
                          protocol_version))
      .with_hint("stop the stack with the version of `stack` that started it");
}

std::string encode_request(const NumberedRequest& request) {
  json object = std::visit([](const auto& it) { return to_object(it); }, request.request);
  object["id"] = request.id;
  if (request.traced) object["trace"] = true;
  return dump(object);
}

NumberedRequest decode_request(std::string_view message) {
  return decoding(message, [](const json& in) {
    return NumberedRequest{in.at("id").get<std::uint64_t>(), request_from(in),
                           in.value("trace", false)};
  });
}

std::string encode_reply(const Reply& reply) {
  json object{{"id", reply.id}, {"changed", reply.changed}, {"note", reply.note}};
  if (reply.error) object["error"] = error_object(*reply.error);
  if (reply.exit_code) object["exit_code"] = *reply.exit_code;
  if (reply.status) object["status"] = *reply.status;
  if (reply.address) object["address"] = *reply.address;
  if (!reply.spans.empty()) object["spans"] = spans_array(reply.spans);
  return dump(object);
}

Reply decode_reply(std::string_view message) {
  return decoding(message, [](const json& in) {
    Reply reply;
    in.at("id").get_to(reply.id);
    in.at("changed").get_to(reply.changed);
    in.at("note").get_to(reply.note);
    if (in.contains("error")) reply.error = error_from(in["error"]);
    if (in.contains("exit_code")) reply.exit_code = in["exit_code"].get<int>();
    if (in.contains("status")) reply.status = in["status"].get<ContainerStatus>();
    if (in.contains("address")) reply.address = in["address"].get<network::DualAddress>();
    if (in.contains("spans")) reply.spans = spans_from(in["spans"]);
    return reply;
  });
}

}  // namespace stack::supervisor
