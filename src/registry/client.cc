// SPDX-License-Identifier: Apache-2.0
#include "registry/client.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "image/base64.h"
#include "image/digest.h"
#include "registry/challenge.h"
#include "registry/network_error.h"
#include "registry/redirects.h"

namespace stack::registry {
namespace {

using nlohmann::json;

constexpr std::uint64_t largest_answer = 1 << 20;
constexpr std::size_t most_pages = 1000;

/// The first of the registry's own words for what is wrong.
std::string words_of(Response& response) {
  try {
    const json root = json::parse(response.read_all(largest_answer), nullptr, false);
    if (root.is_object() && root.contains("errors") && !root["errors"].empty()) {
      const json& first = root["errors"].front();
      const std::string message = first.value("message", "");
      return message.empty() ? first.value("code", "") : message;
    }
    if (root.is_object()) return root.value("details", root.value("message", ""));
  } catch (const std::exception&) {
    // The status has to do.
  }
  return "";
}

std::string form(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string text;
  for (const auto& [key, value] : fields) {
    if (!text.empty()) text += '&';
    text += key + "=" + percent_encoded(value);
  }
  return text;
}

std::string basic(const Credentials& credentials) {
  return "Basic " + image::to_base64(credentials.user + ":" + credentials.password);
}

std::string value_of(const std::map<std::string, std::string>& map, const char* key) {
  const auto found = map.find(key);
  return found == map.end() ? "" : found->second;
}

/// The address in a header Link: <...>; rel="next".
std::string next_page(const std::string& link) {
  const auto start = link.find('<');
  const auto end = link.find('>');
  if (start == std::string::npos || end == std::string::npos || end < start) return "";
  return link.substr(start + 1, end - start - 1);
}

}  // namespace

RepositoryClient::RepositoryClient(Endpoint endpoint, std::optional<Credentials> credentials,
                                   Access access)
    : endpoint_(std::move(endpoint)),
      credentials_(std::move(credentials)),
      access_(access),
      waits_(waits_from_environment()) {}

std::string RepositoryClient::repository_scope() const {
  return fmt::format("repository:{}:{}", endpoint_.repository,
                     access_ == Access::push ? "pull,push" : "pull");
}

/// That which answers, once it is known.
Origin RepositoryClient::origin() const {
  const std::lock_guard lock(mutex_);
  return settled_.value_or(endpoint_.origins.front());
}

void RepositoryClient::settle(const Origin& origin) {
  const std::lock_guard lock(mutex_);
  settled_ = origin;
}

bool RepositoryClient::is_settled() const {
  const std::lock_guard lock(mutex_);
  return settled_.has_value() || endpoint_.origins.size() == 1;
}

Request RepositoryClient::request(const std::string& method, const std::string& target) const {
  return {.method = method, .url = {origin(), "/v2/" + endpoint_.repository + target}};
}

/// The first request finds out which of the origins answers.
Response RepositoryClient::on_some_origin(Request& request, const std::string& authorization) {
  const auto try_at = [&](const Origin& origin) {
    request.url.origin = origin;
    if (!authorization.empty()) request.headers["Authorization"] = authorization;
    return exchange(request, endpoint_.tls, waits_);
  };
  if (is_settled()) return try_at(request.url.origin);
  std::optional<Response> answer;
  std::exception_ptr first_failure;
  for (const Origin& origin : endpoint_.origins) {
    const bool is_last = origin == endpoint_.origins.back();
    try {
      Response response = try_at(origin);
      // A server for https says 400 to plain requests.
      const bool may_want_tls = origin.scheme == "http" && response.status() == 400 && !is_last;
      answer.emplace(std::move(response));
      if (may_want_tls) continue;
      settle(origin);
      return std::move(*answer);
    } catch (const NetworkError& error) {
      const bool is_unreachable = error.error_number() != 0;
      if (answer) return std::move(*answer);
      // That it speaks no TLS either says nothing of why it did not speak to us.
      if (is_last && first_failure) std::rethrow_exception(first_failure);
      if (is_last || (is_unreachable && origin.scheme == "http")) throw;
      first_failure = std::current_exception();
    }
  }
  fail("{} does not answer", endpoint_.registry);
}

Response RepositoryClient::send(Request request, const std::string& scope) {
  for (int attempt = 0;; ++attempt) {
    std::string authorization;
    {
      const std::lock_guard lock(mutex_);
      authorization = authorization_;
    }
    Response response = on_some_origin(request, authorization);
    if (response.status() != 401 || attempt == 1 || request.stream) return response;
    if (!authenticate(response, scope)) return response;
  }
}

/// False when there is nothing that we could answer the registry's question with.
bool RepositoryClient::authenticate(const Response& refused, const std::string& scope) {
  for (const std::string& header : refused.headers("WWW-Authenticate")) {
    for (const Challenge& challenge : parse_challenges(header)) {
      std::string authorization;
      if (challenge.scheme == "bearer") {
        authorization = "Bearer " + fetch_token(challenge.parameters, scope);
      } else if (challenge.scheme == "basic" && credentials_ && !credentials_->user.empty()) {
        authorization = basic(*credentials_);
      } else {
        continue;
      }
      const std::lock_guard lock(mutex_);
      const bool is_new = authorization_ != authorization;
      authorization_ = authorization;
      return is_new;
    }
  }
  return false;
}

std::string RepositoryClient::fetch_token(const std::map<std::string, std::string>& challenge,
                                          const std::string& scope) const {
  return during("asking for a token", [&] {
    Url realm = parse_url(value_of(challenge, "realm"));
    const Origin registry = origin();
    const bool may_be_plain = endpoint_.may_be_plain && (is_loopback(realm.origin.host) ||
                                                         realm.origin.host == registry.host);
    const bool is_inward = is_loopback(realm.origin.host) && !is_loopback(registry.host);
    if ((realm.origin.scheme != "https" && !may_be_plain) || is_inward ||
        is_link_local(realm.origin.host))
      fail("{} sends us to {} for it, which is not trusted", endpoint_.registry,
           printable(to_text(realm.origin)));
    std::vector<std::pair<std::string, std::string>> fields;
    if (const auto service = value_of(challenge, "service"); !service.empty())
      fields.emplace_back("service", service);
    if (!scope.empty()) fields.emplace_back("scope", scope);
    Request request{.method = "GET", .url = realm};
    if (credentials_ && !credentials_->identity_token.empty()) {
      fields.emplace_back("client_id", "stack");
      fields.emplace_back("grant_type", "refresh_token");
      fields.emplace_back("refresh_token", credentials_->identity_token);
      request.method = "POST";
      request.headers["Content-Type"] = "application/x-www-form-urlencoded";
      request.body = form(fields);
    } else {
      const char separator = realm.target.find('?') == std::string::npos ? '?' : '&';
      if (!fields.empty()) request.url.target += separator + form(fields);
      if (credentials_) request.headers["Authorization"] = basic(*credentials_);
    }
    Response response = exchange(request, endpoint_.tls, waits_);
    if (response.status() != 200) refuse(response, "the token server");
    const json answer = json::parse(response.read_all(largest_answer), nullptr, false);
    std::string token;
    if (answer.is_object()) token = answer.value("token", answer.value("access_token", ""));
    if (token.empty()) fail("the token server gave none");
    return token;
  });
}

void RepositoryClient::refuse(Response& response, const std::string& what) const {
  const int status = response.status();
  const std::string words = printable(words_of(response));
  const std::string said = words.empty() ? fmt::format("status {}", status) : words;
  if (status >= 500) throw NetworkError(fmt::format("{}: {}", what, said));
  Refusal refusal(fmt::format("{}: {}", what, said), status);
  if (status == 401 || status == 403)
    refusal.with_hint(fmt::format("log in: stack login {}", endpoint_.registry));
  if (status == 429)
    refusal.with_hint("the registry asks for patience: try again later, or log in");
  throw refusal;
}

FetchedManifest RepositoryClient::manifest(const std::string& reference) {
  Request asked = request("GET", "/manifests/" + reference);
  asked.headers["Accept"] = image::accepted_manifests();
  Response response = send(asked, repository_scope());
  if (response.status() == 404) throw Refusal("manifest unknown", 404);
  if (response.status() != 200) refuse(response, "manifest");
  if (response.length().value_or(0) > image::largest_document)
    fail("the manifest is larger than 4 MiB");
  FetchedManifest fetched{response.read_all(image::largest_document),
                          response.header("Content-Type"), ""};
  fetched.digest = image::digest_of(fetched.bytes);
  const std::string said = response.header("Docker-Content-Digest");
  if (image::is_digest(reference) && reference != fetched.digest)
    fail("the registry's manifest is {}, not {}", fetched.digest, reference);
  if (!said.empty() && said != fetched.digest)
    fail("the registry says its manifest is {}, but it is {}", printable(said), fetched.digest);
  return fetched;
}

Response RepositoryClient::open_blob(const std::string& digest, std::uint64_t offset) {
  Request asked = request("GET", "/blobs/" + digest);
  if (offset > 0) asked.headers["Range"] = fmt::format("bytes={}-", offset);
  Response response = send(asked, repository_scope());
  if (response.status() != 200 && response.status() != 206) refuse(response, "blob " + digest);
  return response;
}

std::string RepositoryClient::document(const image::BlobRef& blob) {
  Response response = open_blob(blob.digest, 0);
  std::string bytes = response.read_all(image::largest_document);
  if (bytes.size() != blob.size || image::digest_of(bytes) != blob.digest)
    fail("{} is not what the registry said it is: {} bytes, {}", blob.digest, bytes.size(),
         image::digest_of(bytes));
  return bytes;
}

std::vector<std::string> RepositoryClient::tags() {
  std::vector<std::string> tags;
  Request asked = request("GET", "/tags/list");
  for (std::size_t page = 0; page < most_pages; ++page) {
    Response response = send(asked, repository_scope());
    if (response.status() != 200) refuse(response, "tags");
    const std::string next = next_page(response.header("Link"));
    const json root = json::parse(response.read_all(image::largest_document), nullptr, false);
    if (!root.is_object()) fail("the list of tags is no JSON");
    for (const json& tag : root.value("tags", json::array())) tags.push_back(tag);
    if (next.empty()) break;
    const Url url = resolve(asked.url, next);
    if (!(url.origin == asked.url.origin)) fail("the list of tags goes on elsewhere");
    asked.url = url;
  }
  return tags;
}

bool RepositoryClient::has_blob(const std::string& digest) {
  Response response = send(request("HEAD", "/blobs/" + digest), repository_scope());
  if (response.status() == 404) return false;
  if (response.status() != 200) refuse(response, "blob " + digest);
  return true;
}

bool RepositoryClient::mount_blob(const std::string& digest, const std::string& from) {
  Response response = send(request("POST", fmt::format("/blobs/uploads/?mount={}&from={}", digest,
                                                       percent_encoded(from))),
                           repository_scope());
  // 202 is an upload that was begun instead; it is let lapse.
  return response.status() == 201;
}

void RepositoryClient::upload_blob(const BodySource& body,
                                   const std::function<std::string()>& digest) {
  Request begin = request("POST", "/blobs/uploads/");
  Response begun = send(begin, repository_scope());
  if (begun.status() != 202) refuse(begun, "upload");
  const auto located = [](const Url& base, const Response& response) {
    const Url url = resolve(base, response.header("Location"));
    if (!(url.origin == base.origin)) fail("the upload would go to {}", printable(to_text(url)));
    return url;
  };
  const Url place = located({origin(), begin.url.target}, begun);
  Response sent = send({.method = "PATCH",
                        .url = place,
                        .headers = {{"Content-Type", "application/octet-stream"}},
                        .stream = body},
                       repository_scope());
  if (sent.status() != 202) refuse(sent, "upload");
  Url last = located(place, sent);
  last.target += last.target.find('?') == std::string::npos ? '?' : '&';
  last.target += "digest=" + digest();
  Response done = send({.method = "PUT", .url = last}, repository_scope());
  if (done.status() != 201) refuse(done, "upload");
}

void RepositoryClient::put_manifest(const std::string& reference, const std::string& media_type,
                                    const std::string& bytes) {
  Request asked = request("PUT", "/manifests/" + reference);
  asked.headers["Content-Type"] = media_type;
  asked.body = bytes;
  Response response = send(asked, repository_scope());
  if (response.status() != 201) refuse(response, "manifest");
}

void RepositoryClient::check_login() {
  Request asked{.method = "GET", .url = {endpoint_.origins.front(), "/v2/"}};
  Response response = send(asked, "");
  if (response.status() != 200) refuse(response, "login");
}

}  // namespace stack::registry
