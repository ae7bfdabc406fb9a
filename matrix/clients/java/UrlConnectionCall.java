import java.io.ByteArrayOutputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.nio.charset.StandardCharsets;

/** HttpURLConnection: its read time-out is for each read. */
class UrlConnectionCall {
  public static void main(String[] args) {
    var text = new ByteArrayOutputStream();
    var status = 0;
    String failure = null;
    try {
      var call = (HttpURLConnection) new URL(args[0]).openConnection();
      call.setReadTimeout(Integer.parseInt(args[2]));
      if (args[1].equals("json")) {
        call.setDoOutput(true);
        call.getOutputStream().write('{');
        call.getOutputStream().write('}');
      } else call.setRequestProperty("Accept", "text/event-stream");
      status = call.getResponseCode();
      try (var body = call.getInputStream()) {
        for (var next = body.read(); next >= 0; next = body.read()) text.write(next);
      }
    } catch (Exception error) {
      failure = error.toString();
    }
    System.out.println(
        "{\"status\":" + status + ",\"text\":"
            + HttpClientCall.quoted(text.toString(StandardCharsets.UTF_8))
            + (failure == null ? "" : ",\"error\":" + HttpClientCall.quoted(failure)) + "}");
  }
}
