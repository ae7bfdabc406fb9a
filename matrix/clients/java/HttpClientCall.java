import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** java.net.http: its time-out is for the head. Java has no parser of JSON, so the caller gets text. */
class HttpClientCall {
  public static void main(String[] args) {
    var request = HttpRequest.newBuilder(URI.create(args[0]))
        .timeout(Duration.ofMillis(Long.parseLong(args[2])));
    if (args[1].equals("json")) request.POST(HttpRequest.BodyPublishers.ofString("{}"));
    else request.header("Accept", "text/event-stream");
    try {
      var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
      var response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      System.out.println(
          "{\"status\":" + response.statusCode() + ",\"text\":" + quoted(response.body()) + "}");
    } catch (Exception error) {
      System.out.println("{\"error\":" + quoted(error.toString()) + "}");
    }
    System.exit(0);
  }

  static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n")
        .replace("\r", "\\r").replace("\t", "\\t") + '"';
  }
}
