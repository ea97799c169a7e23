// SPDX-License-Identifier: Apache-2.0
package io.spindle.examples;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where this program is. */
final class Self {

    private Self() {}

    /** The jar, or from a class path of folders the class file of the command line. */
    static Path location() {
        try {
            Path source = Path.of(Main.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            return Files.isDirectory(source)
                    ? source.resolve(Main.class.getName().replace('.', '/') + ".class")
                    : source;
        } catch (URISyntaxException e) {
            throw new IllegalStateException("the place of this program is no path", e);
        }
    }
}
