// SPDX-License-Identifier: Apache-2.0
package io.spindle.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The programs of {@code benchmarks/run cluster}: a server, asked by wrk. */
public final class ClusterContenders {

    private static final String CONNECTIONS = "64";

    private ClusterContenders() {}

    /**
     * Starts a server, lets wrk ask it and prints the requests a second.
     *
     * @param args {@code keepalive} or {@code connect} (a connection for each request); {@code shared}, {@code handoff} or
     *     {@code alone}; {@code --quick} for a smoke run
     */
    public static void main(String[] args) throws Exception {
        boolean quick = List.of(args).contains("--quick");
        ClusterServer.Running cluster = args[1].equals("alone") ? null : ClusterServer.cluster(args[1], spec -> spec);
        int port = cluster == null ? ClusterServer.alone() : cluster.port();
        wrk(args[0], port, quick ? 1 : 5);
        double rate = wrk(args[0], port, quick ? 1 : 5);
        if (cluster != null) {
            cluster.primary().disposeGracefully().block();
        }
        System.out.println(String.format(Locale.ROOT, "%.1f", rate));
        System.exit(0);
    }

    private static double wrk(String what, int port, int seconds) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("wrk", "-t1", "-c" + CONNECTIONS, "-d" + seconds + "s"));
        if (what.equals("connect")) {
            command.addAll(List.of("-H", "Connection: close"));
        }
        command.add("http://127.0.0.1:" + port + "/");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        for (String line : output.split("\n")) {
            if (line.startsWith("Requests/sec:")) {
                return Double.parseDouble(line.substring(line.indexOf(':') + 1).strip());
            }
        }
        throw new IOException("wrk said: " + output);
    }
}
