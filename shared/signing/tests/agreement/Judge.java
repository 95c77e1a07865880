import com.android.apksig.ApkVerifier;
import com.android.apksig.util.DataSources;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * apksigner's verdict on many packages in one virtual machine. Reads lines of "min-sdk TAB file TAB edits" and writes
 * lines of "true or false TAB reason". Edits are separated by commas: "offset:mask" changes a byte, "cut:length" the end.
 */
public class Judge {
    private static final Map<String, byte[]> FILES = new ConcurrentHashMap<>();

    public static void main(String[] arguments) throws Exception {
        PrintStream out = System.out;
        // The verifier itself prints stack traces.
        System.setOut(new PrintStream(new ByteArrayOutputStream()));
        System.setErr(System.out);
        List<String> cases = Files.readAllLines(Path.of(arguments[0]));
        for (String verdict : cases.parallelStream().map(Judge::judge).collect(Collectors.toList())) {
            out.println(verdict);
        }
    }

    private static String judge(String line) {
        String[] fields = line.split("\t", -1);
        byte[] content = FILES.computeIfAbsent(fields[1], Judge::read).clone();
        for (String edit : fields[2].split(",")) {
            String[] parts = edit.split(":");
            if (parts[0].equals("cut")) {
                content = Arrays.copyOf(content, Integer.parseInt(parts[1]));
            } else if (parts.length == 2) {
                content[Integer.parseInt(parts[0])] ^= (byte) Integer.parseInt(parts[1]);
            }
        }
        try {
            ApkVerifier.Result result = new ApkVerifier.Builder(DataSources.asDataSource(ByteBuffer.wrap(content)))
                    .setMinCheckedPlatformVersion(Integer.parseInt(fields[0]))
                    .build()
                    .verify();
            return result.isVerified() + "\t" + String.valueOf(result.getAllErrors()).replaceAll("\\s+", " ");
        } catch (Exception refused) {
            return "false\t" + String.valueOf(refused).replaceAll("\\s+", " ");
        }
    }

    private static byte[] read(String file) {
        try {
            return Files.readAllBytes(Path.of(file));
        } catch (java.io.IOException error) {
            throw new java.io.UncheckedIOException(error);
        }
    }
}
