// A game of sums: asks some, takes the time, and keeps the best players in a file.
//
//   sums [COUNT]
//
// Exits with 0, with 1 where the input ends early, and with 2 where it was called wrongly.
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TABLE "sums.txt"
#define PLACES 10
#define MOST_SUMS 20

// A line of the table.
struct player {
  int right;
  double seconds;
  char name[32];
};

// Reads a line without its end, of which the rest is passed over where it is too long. Whether there was one.
static bool read_line(char *line, size_t size) {
  fflush(stdout);
  if (fgets(line, (int)size, stdin) == NULL) {
    return false;
  }
  size_t length = strcspn(line, "\n");
  if (line[length] == '\0') {
    for (int next = getchar(); next != '\n' && next != EOF; next = getchar()) {
    }
  }
  line[length] = '\0';
  return true;
}

static void sleep_for(long milliseconds) {
  struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000};
  nanosleep(&time, NULL);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// From 2 to the greatest, inclusive.
static int number_up_to(int greatest) { return 2 + rand() % (greatest - 1); }

// Asks a sum. Whether there was an answer; `is_right` says what it was.
static bool ask(int number, bool *is_right) {
  static const char signs[] = {'+', '-', '*'};
  char sign = signs[rand() % 3];
  int left = number_up_to(sign == '*' ? 9 : 30), right = number_up_to(sign == '*' ? 9 : 30);
  int result = sign == '+' ? left + right : sign == '-' ? left - right : left * right;
  char line[64], *end;
  for (;;) {
    printf("%d. %d %c %d = ", number, left, sign, right);
    if (!read_line(line, sizeof line)) {
      return false;
    }
    errno = 0;
    long answer = strtol(line, &end, 10);
    if (end == line || *end != '\0' || errno != 0) {
      printf("   A number, please.\n");
      continue;
    }
    *is_right = answer == result;
    if (*is_right) {
      printf("   Right.\n");
    } else {
      printf("   No, %d.\n", result);
    }
    return true;
  }
}

// More right answers first, and of those with as many the quicker one.
static int by_merit(const void *left, const void *right) {
  const struct player *a = left, *b = right;
  if (a->right != b->right) {
    return b->right - a->right;
  }
  return (a->seconds > b->seconds) - (a->seconds < b->seconds);
}

// Reads the table, of which there may be none yet. How many players are in it.
static size_t read_table(struct player *players, size_t most) {
  FILE *file = fopen(TABLE, "r");
  if (file == NULL) {
    return 0;
  }
  size_t count = 0;
  while (count < most &&
         fscanf(file, "%d %lf %31[^\n]", &players[count].right, &players[count].seconds, players[count].name) == 3) {
    count += 1;
  }
  fclose(file);
  return count;
}

static bool write_table(const struct player *players, size_t count) {
  FILE *file = fopen(TABLE, "w");
  if (file == NULL) {
    return false;
  }
  for (size_t at = 0; at < count; at++) {
    fprintf(file, "%d %.1f %s\n", players[at].right, players[at].seconds, players[at].name);
  }
  return fclose(file) == 0;
}

static int show(struct player new_player) {
  struct player players[PLACES + 1];
  size_t count = read_table(players, PLACES);
  players[count++] = new_player;
  qsort(players, count, sizeof *players, by_merit);
  if (count > PLACES) {
    count = PLACES;
  }
  if (!write_table(players, count)) {
    perror(TABLE);
    return 1;
  }
  time_t today = time(NULL);
  char date[32];
  strftime(date, sizeof date, "%d %B %Y", gmtime(&today));
  printf("\nThe best, %s\n", date);
  for (size_t at = 0; at < count; at++) {
    printf("%4zu  %-20.20s %3d right %7.1f s\n", at + 1, players[at].name, players[at].right, players[at].seconds);
  }
  return 0;
}

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 5;
  if (argc > 2 || count < 1 || count > MOST_SUMS) {
    fprintf(stderr, "usage: sums [COUNT], from 1 to %d sums\n", MOST_SUMS);
    return 2;
  }
  unsigned seed;
  if (getentropy(&seed, sizeof seed) != 0) {
    perror("getentropy");
    return 1;
  }
  srand(seed);

  struct player player = {0};
  printf("Your name? ");
  if (!read_line(player.name, sizeof player.name)) {
    return 1;
  }
  if (player.name[0] == '\0') {
    strcpy(player.name, "nobody");
  }
  printf("%d sums, %s. ", count, player.name);
  for (int left = 3; left > 0; left--) {
    printf("%d... ", left);
    fflush(stdout);
    sleep_for(400);
  }
  printf("go!\n");

  double began = now();
  for (int at = 1; at <= count; at++) {
    bool is_right;
    if (!ask(at, &is_right)) {
      printf("\nNo more for today, then.\n");
      return 1;
    }
    player.right += is_right;
  }
  player.seconds = now() - began;
  return show(player);
}
