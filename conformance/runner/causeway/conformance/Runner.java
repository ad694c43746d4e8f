// Runs the tests of a TCK and prints one line a test, in a form that a program can read. It judges
// nothing: what must pass and what may not is said elsewhere.
//
// Arguments: the file of the TCK's properties, then the beginnings of the ids of the tests to run
// (none: all). Three of the properties are for this program: runner.launcher (the class that starts
// the TCK), runner.packages (where its tests are, with commas between) and runner.ids, which is
// "display" where the display name of a test begins with its id, and "method" where only the name
// of its method tells it from others. Lines: PASS ID, FAIL ID reason, SKIP ID reason, and at the
// very end DONE n.
package causeway.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.platform.engine.FilterResult;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestSource;
import org.junit.platform.engine.discovery.ClassNameFilter;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.PostDiscoveryFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

public final class Runner {
    private static boolean isNamedByMethod;

    private Runner() {
    }

    public static void main(String[] arguments) throws IOException {
        var properties = new Properties();
        try (var reader = Files.newBufferedReader(Path.of(arguments[0]))) {
            properties.load(reader);
        }
        properties.forEach((key, value) -> System.setProperty((String) key, (String) value));
        System.setProperty("dataspacetck.launcher", properties.getProperty("runner.launcher"));
        isNamedByMethod = properties.getProperty("runner.ids").equals("method");
        var packages = Stream.of(properties.getProperty("runner.packages").split(","));

        var wanted = Stream.of(arguments).skip(1).toList();
        var request = LauncherDiscoveryRequestBuilder.request()
                .selectors(packages.map(DiscoverySelectors::selectPackage).toList())
                .filters(ClassNameFilter.includeClassNamePatterns(".*Test"), only(wanted))
                .build();
        var listener = new Lines();
        LauncherFactory.create().execute(request, listener);
        System.out.println("DONE " + listener.count);
        // The TCK leaves threads of its servers behind.
        System.exit(0);
    }

    private static PostDiscoveryFilter only(List<String> wanted) {
        return descriptor -> {
            var id = id(descriptor.getDisplayName(), descriptor.getSource());
            var isWanted = !descriptor.isTest() || wanted.isEmpty()
                    || wanted.stream().anyMatch(id::startsWith);
            return FilterResult.includedIf(isWanted);
        };
    }

    /** The method's name, or what a display name such as "CN:01-01: Verify ..." begins with. */
    private static String id(String displayName, Optional<TestSource> source) {
        if (isNamedByMethod && source.orElse(null) instanceof MethodSource method) {
            return method.getMethodName();
        }
        var end = displayName.indexOf(": ");
        return (end < 0 ? displayName : displayName.substring(0, end)).strip();
    }

    private static final class Lines implements TestExecutionListener {
        private int count;

        @Override
        public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            var isPassed = result.getStatus() == TestExecutionResult.Status.SUCCESSFUL;
            if (!test.isTest() && isPassed) {
                return;
            }
            var reason = result.getThrowable().map(Lines::reason).orElse("");
            line(isPassed ? "PASS" : "FAIL", test, reason);
        }

        @Override
        public void executionSkipped(TestIdentifier test, String reason) {
            line("SKIP", test, reason == null ? "" : reason);
        }

        private void line(String verdict, TestIdentifier test, String reason) {
            count++;
            var text = verdict + " " + id(test.getDisplayName(), test.getSource()) + " " + reason;
            System.out.println(text.replaceAll("\\s+", " ").strip());
        }

        private static String reason(Throwable thrown) {
            var text = new StringBuilder(thrown.toString());
            for (var cause = thrown.getCause(); cause != null; cause = cause.getCause()) {
                text.append("; because ").append(cause);
            }
            return text.length() > 600 ? text.substring(0, 600) : text.toString();
        }
    }
}
