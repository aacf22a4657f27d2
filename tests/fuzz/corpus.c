/* SPDX-License-Identifier: Apache-2.0 */
/* corpus FOLDER...: asks a harness with every file of the folders, where there is no libFuzzer to do so. */
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

static size_t
ask(const char *path)
{
	struct kbi_buf data = KBI_BUF((size_t)8 << 20);
	char piece[4096];
	size_t got;
	FILE *file = fopen(path, "rb");

	FUZZ_CHECK(file);
	while ((got = fread(piece, 1, sizeof(piece), file)) > 0)
		kbi_buf_add_bytes(&data, piece, got);
	fclose(file);
	FUZZ_CHECK(!kbi_buf_failed(&data));
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput((const uint8_t *)kbi_buf_text(&data), data.size_bytes);
	kbi_buf_free(&data);
	return 1;
}

static size_t
ask_all(const char *folder)
{
	size_t asked = 0;
	DIR *dir = opendir(folder);
	struct dirent *entry;

	FUZZ_CHECK(dir);
	while ((entry = readdir(dir))) {
		struct kbi_buf path = KBI_BUF(4096);
		kbi_buf_add_format(&path, "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] != '.')
			asked += ask(kbi_buf_text(&path));
		kbi_buf_free(&path);
	}
	closedir(dir);
	return asked;
}

int
main(int argc, char **argv)
{
	size_t asked = 0;

	for (int i = 1; i < argc; i++)
		asked += ask_all(argv[i]);
	printf("%zu inputs\n", asked);
	return !asked;		/* nothing asked is nothing tested */
}
